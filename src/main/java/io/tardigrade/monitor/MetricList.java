package io.tardigrade.monitor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a host. What is not sampled every time keeps its last value, so that every scrape
 * shows all. Not thread-safe.
 */
final class MetricList {
  private static final String SEVERITIES = " 0 none, 1 notice, 2 warning, 3 critical.";

  private final Map<String, List<MetricSample>> kept = new TreeMap<>();
  private final Map<KernelLogEvent.Type, Long> events = new HashMap<>();

  List<MetricSample> sample(HostSample host, List<Signal> signals, List<ServiceHealth> services) {
    addMemory(host);
    addPressure(host);
    addErrors(host);
    addDisks(host);
    addServices(host, services);
    kept.put("signals", signals(signals));
    kept.put(
        "clock",
        List.of(
            gauge(
                "tardigrade_host_clock_offset_seconds",
                "Wall clock less uptime: the moment of boot. It moves when the clock is set.",
                (host.unixMillis() - host.uptimeMillis()) / 1000.0)));
    List<MetricSample> all = new ArrayList<>();
    kept.values().forEach(all::addAll);
    return all;
  }

  private void addMemory(HostSample host) {
    @Nullable MemInfo memory = host.memory();
    if (memory != null) {
      kept.put(
          "memory",
          List.of(
              gauge(
                  "tardigrade_host_memory_bytes", "RAM of the host.", (double) memory.totalBytes()),
              gauge(
                  "tardigrade_host_memory_available_bytes",
                  "RAM that can be had without swapping.",
                  (double) memory.availableBytes()),
              gauge(
                  "tardigrade_host_kernel_memory_bytes",
                  "RAM that the kernel itself holds and cannot give back.",
                  (double) memory.kernelBytes()),
              gauge(
                  "tardigrade_host_kernel_slab_unreclaimable_bytes",
                  "Of that, unreclaimable slab.",
                  (double) memory.slabUnreclaimableBytes()),
              gauge(
                  "tardigrade_host_memory_corrupted_bytes",
                  "RAM taken out of use after uncorrected errors.",
                  (double) memory.corruptedBytes())));
    }
  }

  private void addPressure(HostSample host) {
    addPressure("cpu", host.cpuPressure());
    addPressure("memory", host.memoryPressure());
    addPressure("io", host.ioPressure());
  }

  private void addPressure(String resource, @Nullable Pressure pressure) {
    if (pressure == null) {
      return;
    }
    List<MetricSample> samples = new ArrayList<>();
    samples.add(
        new MetricSample(
            "tardigrade_host_" + resource + "_stalled_some_seconds_total",
            "Time in which some task waited for " + resource + ".",
            MetricSample.Type.COUNTER,
            Map.of(),
            pressure.some().totalMicros() / 1e6));
    Pressure.@Nullable Stall full = pressure.full();
    if (full != null) {
      samples.add(
          new MetricSample(
              "tardigrade_host_" + resource + "_stalled_full_seconds_total",
              "Time in which all tasks that were not idle waited for " + resource + ".",
              MetricSample.Type.COUNTER,
              Map.of(),
              full.totalMicros() / 1e6));
    }
    kept.put("pressure " + resource, samples);
  }

  private void addErrors(HostSample host) {
    if (!host.memoryErrors().isEmpty()) {
      List<MetricSample> samples = new ArrayList<>();
      // Two modules may have one label; a scrape must not show the same series twice.
      Map<String, long[]> modules = new TreeMap<>();
      for (EdacCount count : host.memoryErrors()) {
        long[] sums = modules.computeIfAbsent(count.module(), m -> new long[2]);
        sums[0] += count.corrected();
        sums[1] += count.uncorrected();
      }
      modules.forEach((module, sums) -> {
        samples.add(
            counter(
                "tardigrade_host_memory_errors_corrected_total",
                "Corrected memory errors since boot.",
                "module",
                module,
                sums[0]));
        samples.add(
            counter(
                "tardigrade_host_memory_errors_uncorrected_total",
                "Uncorrected memory errors since boot.",
                "module",
                module,
                sums[1]));
      });
      kept.put("edac", samples);
    }
    for (KernelRecord record : host.kernelLog()) {
      KernelLogEvent.of(record).ifPresent(event -> events.merge(event.kind(), 1L, Long::sum));
    }
    List<MetricSample> samples = new ArrayList<>();
    for (KernelLogEvent.Type type : KernelLogEvent.Type.values()) {
      samples.add(
          counter(
              "tardigrade_host_kernel_log_events_total",
              "Records of the kernel's log that tell of trouble.",
              "type",
              type.name().toLowerCase(java.util.Locale.ROOT),
              events.getOrDefault(type, 0L)));
    }
    kept.put("log", samples);
    host.taint()
        .ifPresent(taint ->
            kept.put(
                "taint",
                List.of(
                    gauge(
                        "tardigrade_host_kernel_taint",
                        "/proc/sys/kernel/tainted; 0 where nothing has befallen the kernel.",
                        (double) taint))));
  }

  private void addDisks(HostSample host) {
    if (host.disks().isEmpty()) {
      return;
    }
    List<MetricSample> samples = new ArrayList<>();
    for (DiskSample disk : host.disks()) {
      Map<String, String> label = Map.of("disk", disk.name());
      if (disk.totalBytes() > 0) {
        samples.add(
            new MetricSample(
                "tardigrade_host_disk_free_bytes",
                "Space left on a file system.",
                MetricSample.Type.GAUGE,
                label,
                (double) disk.freeBytes()));
        samples.add(
            new MetricSample(
                "tardigrade_host_disk_bytes",
                "Size of a file system.",
                MetricSample.Type.GAUGE,
                label,
                (double) disk.totalBytes()));
      }
      samples.add(
          new MetricSample(
              "tardigrade_host_disk_errors_total",
              "Errors that a disk or file system has counted.",
              MetricSample.Type.COUNTER,
              label,
              (double) disk.errors()));
    }
    kept.put("disks", samples);
  }

  private void addServices(HostSample host, List<ServiceHealth> services) {
    List<MetricSample> samples = new ArrayList<>();
    for (ServiceHealth service : services) {
      samples.add(
          new MetricSample(
              "tardigrade_service_state",
              "0 healthy, 1 failed, 2 hung, 3 stuck in the kernel.",
              MetricSample.Type.GAUGE,
              labels(service.id()),
              service.health().code()));
    }
    for (ServiceSample service : host.services()) {
      samples.add(
          new MetricSample(
              "tardigrade_service_answer_seconds",
              "How long a service's last answer took.",
              MetricSample.Type.GAUGE,
              labels(service.id()),
              service.latencyMillis() / 1000.0));
      if (service.memoryBytes() > 0) {
        samples.add(
            new MetricSample(
                "tardigrade_service_memory_bytes",
                "A service's own memory, without guest RAM images.",
                MetricSample.Type.GAUGE,
                labels(service.id()),
                (double) service.memoryBytes()));
      }
    }
    kept.put("services", samples);
  }

  private static List<MetricSample> signals(List<Signal> signals) {
    Map<Signal.Kind, Integer> worst = new HashMap<>();
    for (Signal signal : signals) {
      worst.merge(signal.kind(), signal.severity().code(), Math::max);
    }
    List<MetricSample> samples = new ArrayList<>();
    for (Signal.Kind kind : Signal.Kind.values()) {
      samples.add(
          new MetricSample(
              "tardigrade_host_signal",
              "What a monitor says, the gravest of its kind." + SEVERITIES,
              MetricSample.Type.GAUGE,
              Map.of("kind", kind.code()),
              worst.getOrDefault(kind, 0)));
    }
    return samples;
  }

  private static Map<String, String> labels(ServiceId id) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("service", id.role().text());
    labels.put("guest", id.guest());
    return labels;
  }

  private static MetricSample gauge(String name, String help, double value) {
    return new MetricSample(name, help, MetricSample.Type.GAUGE, Map.of(), value);
  }

  private static MetricSample counter(
      String name, String help, String label, String labelValue, long value) {
    return new MetricSample(
        name, help, MetricSample.Type.COUNTER, Map.of(label, labelValue), (double) value);
  }
}
