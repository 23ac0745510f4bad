package io.tardigrade.story;

import io.tardigrade.monitor.ServiceId;

/**
 * What happens to the simulated host at a time. See {@link StoryParser} for how steps are written.
 */
sealed interface Step {
  record Memory(long bytes) implements Step {}

  record Disk(long freeBytes) implements Step {}

  record PreservedMemory(boolean armed, String why) implements Step {}

  record Guest(String name, boolean resettable, boolean expendable, String why) implements Step {}

  record Replicated(String name, String host, long switchoverMillis) implements Step {}

  record Repair(String host) implements Step {}

  record Switchovers(boolean succeed) implements Step {}

  record Maintenance(boolean on) implements Step {}

  record Kill(ServiceId service) implements Step {}

  record Hang(ServiceId service) implements Step {}

  record Stick(ServiceId service) implements Step {}

  /** From now on it dies a few seconds after each start; {@code on} false ends that. */
  record CrashLoop(ServiceId service, boolean on) implements Step {}

  record LeakKernel(double bytesPerSecond) implements Step {}

  record LeakService(ServiceId service, double bytesPerSecond) implements Step {}

  record KernelLog(String text) implements Step {}

  record Corrected(int count, String module) implements Step {}

  /** A page is lost; {@code service} owns it, or nobody does. */
  record PageLost(ServiceId service) implements Step {}

  /** A page that the kernel itself uses is lost. */
  record KernelPageLost() implements Step {}

  record Load(int percent) implements Step {}

  record Clock(long millis) implements Step {}

  record Pause(long millis) implements Step {}

  record Resets(boolean succeed) implements Step {}

  record Diagnoses(boolean succeed) implements Step {}

  record Acknowledge() implements Step {}

  record End() implements Step {}
}
