package io.tardigrade.monitor;

import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges pressure stall information. Processors and disks that are fully used are what a host is
 * for: they are told at most as a notice or a warning. Only tasks that all wait for memory mean
 * that a host does no work at all. Not thread-safe.
 */
final class PressureDetector {
  /** All that were not idle waited for memory, in a minute: it does little else. */
  static final double MEMORY_WARNING_PERCENT = 20;

  /** What systemd-oomd takes for its limit as well. */
  static final double MEMORY_CRITICAL_PERCENT = 60;

  /** Longer than a large process needs to start. */
  static final long MEMORY_MILLIS = 180_000;

  static final double IO_PERCENT = 80;
  static final long IO_MILLIS = 600_000;
  static final double CPU_PERCENT = 90;
  static final long CPU_MILLIS = 600_000;

  private final Sustained memoryWarning = new Sustained(MEMORY_MILLIS);
  private final Sustained memoryCritical = new Sustained(MEMORY_MILLIS);
  private final Sustained io = new Sustained(IO_MILLIS);
  private final Sustained cpu = new Sustained(CPU_MILLIS);

  List<Signal> sample(HostSample host) {
    List<Signal> signals = new ArrayList<>();
    long now = host.uptimeMillis();
    @Nullable Pressure memory = host.memoryPressure();
    if (memory != null) {
      boolean warning = memoryWarning.sample(now, memory.full60() >= MEMORY_WARNING_PERCENT);
      boolean critical = memoryCritical.sample(now, memory.full60() >= MEMORY_CRITICAL_PERCENT);
      if (warning) {
        signals.add(
            Signal.ofHost(
                Kind.MEMORY_PRESSURE,
                critical ? Severity.CRITICAL : Severity.WARNING,
                "all tasks together waited for memory "
                    + Words.percent(memory.full60())
                    + " of the last minute, and much for over "
                    + Words.span(MEMORY_MILLIS)));
      }
    }
    @Nullable Pressure disks = host.ioPressure();
    if (disks != null && io.sample(now, disks.full60() >= IO_PERCENT)) {
      signals.add(
          Signal.ofHost(
              Kind.IO_PRESSURE,
              Severity.WARNING,
              "all tasks together waited for disks "
                  + Words.percent(disks.full60())
                  + " of the last minute, and much for over "
                  + Words.span(IO_MILLIS)));
    }
    @Nullable Pressure processors = host.cpuPressure();
    if (processors != null && cpu.sample(now, processors.some().percent60() >= CPU_PERCENT)) {
      signals.add(
          Signal.ofHost(
              Kind.CPU_PRESSURE,
              Severity.NOTICE,
              "some task waited for a processor "
                  + Words.percent(processors.some().percent60())
                  + " of the last minute, and much for over "
                  + Words.span(CPU_MILLIS)));
    }
    return signals;
  }
}
