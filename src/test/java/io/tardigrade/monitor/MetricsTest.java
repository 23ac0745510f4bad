package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.monitor.MetricSample.Type;
import io.tardigrade.monitor.ServiceSample.State;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private final HostMonitor monitor = new HostMonitor();

  private List<MetricSample> scrape(HostSample host) {
    monitor.sample(host);
    return monitor.metrics();
  }

  private static HostSample host(long now, List<DiskSample> disks) throws UnreadableException {
    return new HostSample(
        now,
        1000 + now,
        MemInfo.parse(ParsingTest.MEMINFO),
        Pressure.parse(ParsingTest.PRESSURE),
        Pressure.parse(ParsingTest.PRESSURE),
        Pressure.parse(ParsingTest.PRESSURE),
        List.of(KernelLogTest.record(now, "I/O error, dev sda, sector 1")),
        OptionalLong.of(0),
        List.of(new EdacCount("A1", 3, 0), new EdacCount("A1", 4, 0)),
        disks,
        List.of(
            new ServiceSample(
                ServiceId.guardian("kv\"\n"), State.RUNNING, 1, now, 20, 1 << 20, 2 << 20, "")));
  }

  @Test
  void namesFollowTheConventionsAndNoSeriesIsThereTwice() throws UnreadableException {
    List<MetricSample> samples = scrape(host(0, List.of(new DiskSample("/", 10, 5, 1, ""))));
    assertThat(samples)
        .allMatch(s -> s.name().startsWith("tardigrade_"))
        .allMatch(s -> (s.type() == Type.COUNTER) == s.name().endsWith("_total"))
        .allMatch(s -> !s.help().isEmpty());
    assertThat(samples.stream().map(s -> s.name() + s.labels()).toList()).doesNotHaveDuplicates();
  }

  @Test
  void everySignalHasItsMetric() throws UnreadableException {
    Findings findings = monitor.sample(host(0, List.of()));
    assertThat(findings.signals()).hasSize(1);
    assertThat(
            monitor.metrics().stream()
                .filter(s -> s.name().equals("tardigrade_host_signal"))
                .collect(Collectors.toMap(s -> s.labels().get("kind"), MetricSample::value)))
        .hasSize(Signal.Kind.values().length)
        .containsEntry("io-error", 2.0)
        .containsEntry("kernel-oops", 0.0);
  }

  @Test
  void whatIsSampledSeldomStaysInEveryScrape() throws UnreadableException {
    monitor.sample(host(0, List.of(new DiskSample("/", 10, 5, 1, ""))));
    assertThat(scrape(host(1000, List.of())))
        .anyMatch(s -> s.name().equals("tardigrade_host_disk_free_bytes"));
  }

  @Test
  void theTextIsWhatPrometheusReads() throws UnreadableException {
    String text = MetricText.write(scrape(host(0, List.of(new DiskSample("/", 10, 5, 1, "")))));
    assertThat(text)
        .contains("# TYPE tardigrade_host_memory_bytes gauge\n")
        .contains("tardigrade_host_disk_free_bytes{disk=\"/\"} 5.0\n")
        .contains("tardigrade_host_memory_errors_corrected_total{module=\"A1\"} 7.0\n")
        .contains("# TYPE tardigrade_host_kernel_log_events_total counter\n")
        .contains("tardigrade_service_state{guest=\"kv\\\"\\n\",service=\"guardian\"} 0.0\n");
  }
}
