package io.tardigrade.monitor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All monitors of a host, over one sequence of samples from one boot. Pure: a host that is
 * simulated and one that is real are the same to it. Not thread-safe.
 */
public final class HostMonitor {
  private final KernelMemoryDetector kernelMemory = new KernelMemoryDetector();
  private final ProcessMemoryDetector processMemory = new ProcessMemoryDetector();
  private final PressureDetector pressure = new PressureDetector();
  private final MemoryErrorDetector memoryErrors = new MemoryErrorDetector();
  private final KernelLogDetector kernelLog = new KernelLogDetector();
  private final HeartbeatDetector heartbeats = new HeartbeatDetector();
  private final DiskDetector disks = new DiskDetector();
  private final ClockDetector clock = new ClockDetector();
  private final MetricList metrics = new MetricList();

  /** What the slower monitors said last: they are not sampled every time. */
  private final Map<String, List<Signal>> standing = new HashMap<>();

  /** Takes a sample; returns what holds after it. */
  public Findings sample(HostSample host) {
    long now = host.uptimeMillis();
    List<Signal> signals = new ArrayList<>();
    List<ServiceHealth> services = heartbeats.sample(now, host.services(), signals);
    for (ServiceSample service : host.services()) {
      add(signals, processMemory.sample(now, service));
    }
    @Nullable MemInfo memory = host.memory();
    if (memory != null) {
      standing.put("memory", listOf(kernelMemory.sample(now, memory)));
    }
    if (host.memoryPressure() != null || host.ioPressure() != null || host.cpuPressure() != null) {
      standing.put("pressure", pressure.sample(host));
    }
    standing.values().forEach(signals::addAll);
    signals.addAll(memoryErrors.sample(now, host.memoryErrors()));
    signals.addAll(kernelLog.sample(now, host.kernelLog(), host.taint(), host.services()));
    signals.addAll(disks.sample(now, host.disks()));
    add(signals, clock.sample(now, host.unixMillis()));
    signals.sort(
        Comparator.comparing(Signal::severity)
            .reversed()
            .thenComparing(Signal::kind)
            .thenComparing(Signal::subject));
    metrics.note(host, signals, services);
    return new Findings(signals, services);
  }

  /** Every figure that the signals come from, and every signal, as of the last sample. */
  public List<MetricSample> metrics() {
    return metrics.list();
  }

  private static List<Signal> listOf(@Nullable Signal signal) {
    return signal == null ? List.of() : List.of(signal);
  }

  private static void add(List<Signal> signals, @Nullable Signal signal) {
    if (signal != null) {
      signals.add(signal);
    }
  }
}
