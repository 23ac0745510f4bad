package io.tardigrade.monitor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a host. What is not sampled every time keeps its last value, so that every scrape
 * shows all. Not thread-safe.
 */
final class MetricList {
  private @Nullable MemInfo memory;
  private final Map<String, Pressure> pressures = new TreeMap<>();
  private List<EdacCount> memoryErrors = List.of();
  private List<DiskSample> disks = List.of();
  private List<ServiceSample> services = List.of();
  private List<ServiceHealth> health = List.of();
  private List<Signal> signals = List.of();
  private OptionalLong taint = OptionalLong.empty();
  private final Map<KernelLogEvent.Type, Long> events = new HashMap<>();
  private long clockOffsetMillis;
  private final List<MetricSample> list = new ArrayList<>();

  void note(HostSample host, List<Signal> signalsNow, List<ServiceHealth> healthNow) {
    memory = host.memory() == null ? memory : host.memory();
    note("cpu", host.cpuPressure());
    note("memory", host.memoryPressure());
    note("io", host.ioPressure());
    memoryErrors = host.memoryErrors().isEmpty() ? memoryErrors : host.memoryErrors();
    disks = host.disks().isEmpty() ? disks : host.disks();
    taint = host.taint().isEmpty() ? taint : host.taint();
    services = host.services();
    health = List.copyOf(healthNow);
    signals = List.copyOf(signalsNow);
    clockOffsetMillis = host.unixMillis() - host.uptimeMillis();
    for (KernelRecord record : host.kernelLog()) {
      KernelLogEvent.of(record).ifPresent(event -> events.merge(event.kind(), 1L, Long::sum));
    }
  }

  private void note(String resource, @Nullable Pressure pressure) {
    if (pressure != null) {
      pressures.put(resource, pressure);
    }
  }

  List<MetricSample> list() {
    list.clear();
    addMemory();
    pressures.forEach(this::addPressure);
    addMemoryErrors();
    addKernel();
    addDisks();
    addServices();
    addSignals();
    gauge(
        "clock_offset_seconds",
        "Wall clock less uptime: the moment of boot. It moves when the clock is set.",
        clockOffsetMillis / 1000.0);
    return List.copyOf(list);
  }

  private void addMemory() {
    MemInfo last = memory;
    if (last == null) {
      return;
    }
    gauge("memory_bytes", "RAM of the host.", (double) last.totalBytes());
    gauge(
        "memory_available_bytes",
        "RAM that can be had without swapping.",
        (double) last.availableBytes());
    gauge(
        "kernel_memory_bytes",
        "RAM that the kernel itself holds and cannot give back.",
        (double) last.kernelBytes());
    gauge(
        "kernel_slab_unreclaimable_bytes",
        "Of that, unreclaimable slab.",
        (double) last.slabUnreclaimableBytes());
    gauge(
        "memory_corrupted_bytes",
        "RAM taken out of use after uncorrected errors.",
        (double) last.corruptedBytes());
  }

  private void addPressure(String resource, Pressure pressure) {
    counter(
        resource + "_stalled_some_seconds_total",
        "Time in which some task waited for " + resource + ".",
        Map.of(),
        pressure.some().totalMicros() / 1e6);
    Pressure.@Nullable Stall full = pressure.full();
    if (full != null) {
      counter(
          resource + "_stalled_full_seconds_total",
          "Time in which all tasks that were not idle waited for " + resource + ".",
          Map.of(),
          full.totalMicros() / 1e6);
    }
  }

  private void addMemoryErrors() {
    // Two modules may have one label; a scrape must not show the same series twice.
    Map<String, EdacCount> modules = new TreeMap<>();
    for (EdacCount count : memoryErrors) {
      modules.merge(
          count.module(),
          count,
          (a, b) ->
              new EdacCount(
                  a.module(), a.corrected() + b.corrected(), a.uncorrected() + b.uncorrected()));
    }
    modules.forEach((module, count) -> {
      Map<String, String> label = Map.of("module", module);
      counter(
          "memory_errors_corrected_total",
          "Corrected memory errors since boot.",
          label,
          (double) count.corrected());
      counter(
          "memory_errors_uncorrected_total",
          "Uncorrected memory errors since boot.",
          label,
          (double) count.uncorrected());
    });
  }

  private void addKernel() {
    for (KernelLogEvent.Type type : KernelLogEvent.Type.values()) {
      counter(
          "kernel_log_events_total",
          "Records of the kernel's log that tell of trouble.",
          Map.of("type", type.name().toLowerCase(Locale.ROOT)),
          (double) events.getOrDefault(type, 0L));
    }
    taint.ifPresent(value ->
        gauge(
            "kernel_taint",
            "/proc/sys/kernel/tainted; 0 where nothing has befallen the kernel.",
            (double) value));
  }

  private void addDisks() {
    for (DiskSample disk : disks) {
      Map<String, String> label = Map.of("disk", disk.name());
      if (disk.totalBytes() > 0) {
        add(
            "host_disk_free_bytes",
            "Space left on a file system.",
            MetricSample.Type.GAUGE,
            label,
            (double) disk.freeBytes());
        add(
            "host_disk_bytes",
            "Size of a file system.",
            MetricSample.Type.GAUGE,
            label,
            (double) disk.totalBytes());
      }
      counter(
          "disk_errors_total",
          "Errors that a disk or file system has counted.",
          label,
          (double) disk.errors());
    }
  }

  private void addServices() {
    for (ServiceHealth service : health) {
      add(
          "service_state",
          "0 healthy, 1 failed, 2 hung, 3 stuck in the kernel.",
          MetricSample.Type.GAUGE,
          labels(service.id()),
          service.health().code());
    }
    for (ServiceSample service : services) {
      add(
          "service_answer_seconds",
          "How long a service's last answer took.",
          MetricSample.Type.GAUGE,
          labels(service.id()),
          service.latencyMillis() / 1000.0);
      if (service.memoryBytes() > 0) {
        add(
            "service_memory_bytes",
            "A service's own memory, without guest RAM images.",
            MetricSample.Type.GAUGE,
            labels(service.id()),
            (double) service.memoryBytes());
      }
    }
  }

  private void addSignals() {
    Map<Signal.Kind, Integer> worst = new HashMap<>();
    for (Signal signal : signals) {
      worst.merge(signal.kind(), signal.severity().code(), Math::max);
    }
    for (Signal.Kind kind : Signal.Kind.values()) {
      add(
          "host_signal",
          "What a monitor says, the gravest of its kind."
              + " 0 nothing, 1 notice, 2 warning, 3 critical.",
          MetricSample.Type.GAUGE,
          Map.of("kind", kind.code()),
          worst.getOrDefault(kind, 0));
    }
  }

  private static Map<String, String> labels(ServiceId id) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("service", id.role().text());
    labels.put("guest", id.guest());
    return labels;
  }

  private void gauge(String name, String help, double value) {
    add("host_" + name, help, MetricSample.Type.GAUGE, Map.of(), value);
  }

  private void counter(String name, String help, Map<String, String> labels, double value) {
    add("host_" + name, help, MetricSample.Type.COUNTER, labels, value);
  }

  private void add(
      String name, String help, MetricSample.Type type, Map<String, String> labels, double value) {
    list.add(new MetricSample("tardigrade_" + name, help, type, labels, value));
  }
}
