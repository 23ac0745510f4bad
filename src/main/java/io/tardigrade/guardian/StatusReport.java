package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.ProcessStatus;
import io.tardigrade.guest.GuestStatus.Protection;
import io.tardigrade.guest.GuestStatus.Recoveries;
import io.tardigrade.guest.GuestStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Puts a {@link GuestStatus} together. */
final class StatusReport {
  private StatusReport() {}

  static GuestStatus of(
      GuestSpec spec,
      State state,
      @Nullable String reason,
      @Nullable Long hypervisorPid,
      boolean spareReady,
      Protection protection,
      Recoveries recoveries) {
    return new GuestStatus(
        spec.name(),
        state,
        reason,
        spec.address(),
        spec.mac(),
        spec.memoryBytes(),
        spec.vcpus(),
        spec.accelerator().name().toLowerCase(Locale.ROOT),
        spec.machine().name().toLowerCase(Locale.ROOT),
        spec.program(),
        spec.publish().stream()
            .map(f ->
                f.hostAddress() + ":" + f.hostPort() + ":" + f.guestPort() + "/" + f.protocol())
            .toList(),
        spec.volumes().stream().map(v -> v.volume() + ":" + v.path()).toList(),
        spec.createdAt(),
        process(hypervisorPid),
        process(ProcessHandle.current().pid()),
        spareReady,
        protection,
        recoveries,
        null,
        null);
  }

  private static ProcessStatus process(@Nullable Long pid) {
    return new ProcessStatus(pid, pid == null ? null : residentBytes(pid));
  }

  /** VmRSS of /proc/PID/status, see proc(5). */
  private static @Nullable Long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // It has just ended.
    }
    return null;
  }
}
