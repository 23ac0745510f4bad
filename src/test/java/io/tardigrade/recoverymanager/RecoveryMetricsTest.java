package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.ProcessStatus;
import io.tardigrade.guest.GuestStatus.Protection;
import io.tardigrade.guest.GuestStatus.Quantiles;
import io.tardigrade.guest.GuestStatus.Recoveries;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.monitor.MetricSample;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.recovery.Decision.Step;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecoveryMetricsTest {
  static GuestStatus guest(String name, State state) {
    Quantiles none = new Quantiles(null, null, 0);
    return new GuestStatus(
        name,
        state,
        null,
        "10.0.0.2",
        "52:54:00:00:00:02",
        128L << 20,
        1,
        "tcg",
        "microvm",
        "redis",
        List.of(),
        List.of(),
        Instant.EPOCH,
        new ProcessStatus(11L, 1L << 20),
        new ProcessStatus(null, null),
        true,
        new Protection("userfaultfd", 42, new Quantiles(0.0026, 0.0035, 40), none, none, 4096, 3),
        new Recoveries(2, "hypervisor-died", 0.045, "20261122-181503-kv-1"),
        null,
        null);
  }

  private static Map<String, Double> scrape(GuestStatus... guests) {
    List<MetricSample> list = new ArrayList<>();
    RecoveryMetrics.add(
        list, new RecoveryMetrics.Figures(Map.of(Step.RECYCLE, 3L), true, false, 1, 100, 0.25));
    for (GuestStatus guest : guests) {
      RecoveryMetrics.add(list, guest);
    }
    return PrometheusText.parse(MetricText.write(list));
  }

  @Test
  void guestsAndDecisionsAreFigures() {
    assertThat(scrape(guest("kv", State.RUNNING), guest("web", State.UNPROTECTED)))
        .containsEntry("tardigrade_decisions_total{step=recycle}", 3.0)
        .containsEntry("tardigrade_decisions_total{step=reset}", 0.0)
        .containsEntry("tardigrade_maintenance{}", 1.0)
        .containsEntry("tardigrade_preserved_armed{}", 0.0)
        .containsEntry("tardigrade_resets_failed{}", 1.0)
        .containsEntry("tardigrade_monitor_seconds_total{}", 0.25)
        .containsEntry("tardigrade_guest_state{guest=kv}", 2.0)
        .containsEntry("tardigrade_guest_unprotected{guest=kv}", 0.0)
        .containsEntry("tardigrade_guest_unprotected{guest=web}", 1.0)
        .containsEntry("tardigrade_guest_committed_epoch{guest=kv}", 42.0)
        .containsEntry("tardigrade_guest_pause_seconds{guest=kv, quantile=0.99}", 0.0035)
        .doesNotContainKey("tardigrade_guest_hold_seconds{guest=kv, quantile=0.5}")
        .containsEntry("tardigrade_guest_recoveries_total{guest=kv}", 2.0)
        .containsEntry("tardigrade_guest_last_blackout_seconds{guest=kv}", 0.045)
        .containsEntry(
            "tardigrade_guest_process_resident_bytes{guest=kv, service=hypervisor}", 1048576.0);
  }

  @Test
  void scrubbingAndThePlaceOfTheImageAreFigures() {
    GuestStatus guest = guest("kv", State.RUNNING);
    GuestStatus.Scrub scrub = new GuestStatus.Scrub(4 << 20, 1000, 3, 32.5, 2, 1);
    assertThat(scrape(scrubbed(guest, scrub).at("preserved")))
        .containsEntry("tardigrade_guest_scrub_bytes_per_second{guest=kv}", 4194304.0)
        .containsEntry("tardigrade_guest_scrubbed_pages_total{guest=kv}", 1000.0)
        .containsEntry("tardigrade_guest_scrub_passes_total{guest=kv}", 3.0)
        .containsEntry("tardigrade_guest_scrub_pass_seconds{guest=kv}", 32.5)
        .containsEntry("tardigrade_guest_corrupted_pages_total{guest=kv}", 2.0)
        .containsEntry("tardigrade_guest_repaired_pages_total{guest=kv}", 1.0)
        .containsEntry("tardigrade_guest_image_preserved{guest=kv}", 1.0);
    assertThat(scrape(scrubbed(guest, new GuestStatus.Scrub(0, 0, 0, null, 0, 0)).at("ordinary")))
        .containsEntry("tardigrade_guest_scrub_bytes_per_second{guest=kv}", 0.0)
        .containsEntry("tardigrade_guest_image_preserved{guest=kv}", 0.0)
        .doesNotContainKey("tardigrade_guest_scrub_pass_seconds{guest=kv}");
    assertThat(scrape(guest))
        .as("nothing is known of either")
        .doesNotContainKeys(
            "tardigrade_guest_scrub_passes_total{guest=kv}",
            "tardigrade_guest_image_preserved{guest=kv}");
  }

  private static GuestStatus scrubbed(GuestStatus s, GuestStatus.Scrub scrub) {
    return new GuestStatus(
        s.name(),
        s.state(),
        s.reason(),
        s.address(),
        s.mac(),
        s.memoryBytes(),
        s.vcpus(),
        s.accelerator(),
        s.machine(),
        s.program(),
        s.publish(),
        s.volumes(),
        s.createdAt(),
        s.hypervisor(),
        s.guardian(),
        s.spareReady(),
        s.protection().with(scrub),
        s.recoveries(),
        null,
        null);
  }

  @Test
  void everyStateHasItsFigure() {
    for (State state : State.values()) {
      assertThat(scrape(guest("kv", state))).containsKey("tardigrade_guest_state{guest=kv}");
    }
  }

  @Test
  void readerOfTheseTestsRefusesWhatIsNoExposition() {
    String head = "# HELP a_total x\n# TYPE a_total counter\n";
    assertThat(PrometheusText.parse(head + "a_total{b=\"c,\\\"d\"} 1\n")).hasSize(1);
    for (String bad :
        List.of(
            head + "a_total 1",
            head + "a_total -1\n",
            head + "b_total 1\n",
            head + "a_total 1\na_total 2\n",
            head + "a_total{b=c} 1\n",
            head + "a_total{b=\"c\" d=\"e\"} 1\n",
            head + head + "a_total 1\n",
            "# TYPE a gauge\na 1\n",
            head + "\na_total 1\n")) {
      assertThatThrownBy(() -> PrometheusText.parse(bad)).as(bad).isInstanceOf(Error.class);
    }
  }
}
