package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.agent.ResetPhases.Moments;
import io.tardigrade.incident.Incident;
import io.tardigrade.preserve.Manifest;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResetPhasesTest {
  private static final Instant BEGUN = Instant.parse("2026-11-23T04:00:00Z");

  @Test
  void phasesFollowOneAnotherAndAddUpToTheWhole() {
    Moments moments = moments(BEGUN.plusMillis(4000));

    assertThat(moments.seconds())
        .containsExactly(
            java.util.Map.entry("freeze", 0.1),
            java.util.Map.entry("seal", 0.2),
            java.util.Map.entry("kexec to kernel", 0.7),
            java.util.Map.entry("kernel to init", 3.0),
            java.util.Map.entry("init to agent", 0.5),
            java.util.Map.entry("agent to guests", 1.5));
    assertThat(moments.seconds().values().stream().mapToDouble(Double::doubleValue).sum())
        .isEqualTo(moments.total());
  }

  @Test
  void withoutTheFirstProcessItsTwoPhasesAreOne() {
    assertThat(moments(null).seconds())
        .containsEntry("kernel to agent", 3.5)
        .doesNotContainKeys("kernel to init", "init to agent");
  }

  @Test
  void incidentTellsInOrderWhatWasDoneAndSeen() {
    Manifest manifest =
        new Manifest(
            "boot-a",
            BEGUN,
            BEGUN,
            "a test",
            "0.1.0",
            "6.1.0",
            List.of(new Manifest.Frozen("kv", 7, BEGUN)));

    Incident incident = ResetPhases.incident(manifest, moments(BEGUN.plusMillis(4000)));

    assertThat(incident.summary()).contains("a test", "1 guests", "6.0");
    assertThat(incident.timeline()).extracting(Incident.Step::at).isSorted();
    assertThat(incident.evidence()).contains("the boot that was ended: boot-a");
    assertThat(incident.blackoutSeconds()).isEqualTo(6.0);
  }

  private static Moments moments(@org.jspecify.annotations.Nullable Instant init) {
    return new Moments(
        BEGUN,
        BEGUN.plusMillis(100),
        BEGUN.plusMillis(300),
        BEGUN.plusMillis(1000),
        init,
        BEGUN.plusMillis(4500),
        BEGUN.plusMillis(6000));
  }
}
