package io.tardigrade.recovery;

import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Severity;

/** Which rungs of the ladder can help against what a monitor has seen. */
enum Remedy {
  /** None: a busy host is doing its work, and small trouble passes. */
  LEAVE,
  /** None: a person has to act. */
  ADVISE,
  /** None, but evidence is worth keeping before a person acts. */
  DIAGNOSE,
  /** The service that the signal is about is replaced. */
  RECYCLE,
  /** Perhaps a recycle of the agent, which touches no guest and may hold what is missing. */
  RECYCLE_AGENT,
  /** The same, and where that did not help, only a new operating system. */
  RECYCLE_AGENT_THEN_RESET,
  /** Only a new operating system: the kernel itself has failed. */
  RESET;

  static Remedy of(Signal signal) {
    boolean critical = signal.severity() == Severity.CRITICAL;
    if (signal.severity() == Severity.NOTICE) {
      return LEAVE;
    }
    return switch (signal.kind()) {
      case KERNEL_MEMORY_GROWTH -> critical ? RECYCLE_AGENT_THEN_RESET : RECYCLE_AGENT;
      case PROCESS_MEMORY_GROWTH -> signal.service() == null ? ADVISE : RECYCLE;
      case UNCORRECTED_MEMORY_ERROR ->
          signal.service() != null ? RECYCLE : critical ? RESET : ADVISE;
      case KERNEL_OOPS, HARD_LOCKUP -> RESET;
      case SOFT_LOCKUP -> critical ? RESET : LEAVE;
      // Memory that works and disks that are full are not healed by a new operating system.
      case CORRECTED_MEMORY_ERRORS, IO_ERROR -> critical ? DIAGNOSE : ADVISE;
      case FILE_SYSTEM_ERROR, HUNG_TASK -> DIAGNOSE;
      case MEMORY_PRESSURE, OUT_OF_MEMORY, MACHINE_CHECK, DISK_SPACE, DISK_HEALTH, CLOCK_JUMP ->
          ADVISE;
      case CPU_PRESSURE, IO_PRESSURE, KERNEL_WARNING, SLOW_ANSWERS -> LEAVE;
    };
  }

  /** What a person should do about {@code kind}, where the ladder cannot. */
  static String advice(Signal.Kind kind) {
    return switch (kind) {
      case KERNEL_MEMORY_GROWTH -> "find what leaks kernel memory, or plan a reset of this host";
      case PROCESS_MEMORY_GROWTH -> "find out why this service needs so much memory";
      case MEMORY_PRESSURE, OUT_OF_MEMORY -> "give this host less to do, or more memory";
      case CORRECTED_MEMORY_ERRORS, UNCORRECTED_MEMORY_ERROR, MACHINE_CHECK ->
          "move the guests away and have the hardware replaced";
      case IO_ERROR, FILE_SYSTEM_ERROR, DISK_HEALTH ->
          "check the disk, and move what lies on it while it can be read";
      case DISK_SPACE -> "free space, or guests will run on without protection";
      case HUNG_TASK -> "find out what the task waits for; slow storage is the usual cause";
      case CLOCK_JUMP -> "check this host's time service";
      case KERNEL_OOPS, HARD_LOCKUP, SOFT_LOCKUP -> "reset this host";
      case CPU_PRESSURE, IO_PRESSURE, KERNEL_WARNING, SLOW_ANSWERS -> "nothing needs to be done";
    };
  }
}
