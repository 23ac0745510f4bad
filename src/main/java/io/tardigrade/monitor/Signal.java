package io.tardigrade.monitor;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something a monitor has seen and stands by. It is handed out with every sample for as long as it
 * holds.
 *
 * @param subject what it is about, such as a disk or a memory module; empty for the host
 * @param service the service it is about, where it is one of ours
 * @param sentence what was seen, for people, with figures
 */
public record Signal(
    Kind kind, Severity severity, String subject, @Nullable ServiceId service, String sentence) {

  /** How much it means. */
  public enum Severity {
    /** Worth a figure on a dashboard; nothing is to be done. */
    NOTICE,
    /** Trouble is coming, or something small has failed. */
    WARNING,
    /** The host, or what the signal is about, is failing. */
    CRITICAL;

    /** As a metric shows it; 0 is for no signal. */
    int code() {
      return switch (this) {
        case NOTICE -> 1;
        case WARNING -> 2;
        case CRITICAL -> 3;
      };
    }
  }

  /** What was seen. */
  public enum Kind {
    KERNEL_MEMORY_GROWTH("kernel memory grows and runs out"),
    PROCESS_MEMORY_GROWTH("a service outgrows its memory"),
    CPU_PRESSURE("tasks wait for processors"),
    MEMORY_PRESSURE("all tasks wait for memory"),
    IO_PRESSURE("all tasks wait for disks"),
    CORRECTED_MEMORY_ERRORS("memory errors that were corrected"),
    UNCORRECTED_MEMORY_ERROR("a memory error that could not be corrected"),
    MACHINE_CHECK("the processor reported a hardware error"),
    KERNEL_OOPS("the kernel has lost control of part of its state"),
    KERNEL_WARNING("the kernel warned of itself"),
    HARD_LOCKUP("a processor takes no interrupts"),
    SOFT_LOCKUP("a processor does not come out of the kernel"),
    HUNG_TASK("a task is stuck in the kernel"),
    OUT_OF_MEMORY("the kernel killed a process for its memory"),
    IO_ERROR("a disk did not do what it was told"),
    FILE_SYSTEM_ERROR("a file system found itself damaged"),
    DISK_SPACE("a file system fills up"),
    DISK_HEALTH("a disk or file system reports itself unwell"),
    CLOCK_JUMP("the wall clock was set"),
    SLOW_ANSWERS("a service answers slowly");

    private final String meaning;

    Kind(String meaning) {
      this.meaning = meaning;
    }

    /** Short and fixed, like {@code kernel-oops}. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** For people. */
    public String meaning() {
      return meaning;
    }
  }

  static Signal ofHost(Kind kind, Severity severity, String sentence) {
    return new Signal(kind, severity, "", null, sentence);
  }

  static Signal of(Kind kind, Severity severity, String subject, String sentence) {
    return new Signal(kind, severity, subject, null, sentence);
  }

  static Signal ofService(Kind kind, Severity severity, ServiceId service, String sentence) {
    return new Signal(kind, severity, service.text(), service, sentence);
  }

  /** Tells signals apart, whatever their severity: kind and subject. */
  public String key() {
    return subject.isEmpty() ? kind.code() : kind.code() + " (" + subject + ")";
  }
}
