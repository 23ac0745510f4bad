package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tardigrade.incident.Incident;
import io.tardigrade.recoverymanager.ResetPort.Booted;
import io.tardigrade.recoverymanager.ResetPort.Sealed;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResetPhasesTest {
  private static final Instant BEGUN = Instant.parse("2026-11-23T04:00:00Z");
  private static final Sealed SEALED =
      new Sealed(
          "a test",
          BEGUN,
          BEGUN.plusMillis(100),
          BEGUN.plusMillis(300),
          "boot-a",
          "6.1.0",
          List.of("kv", "web"));

  @Test
  void phasesFollowOneAnotherAndAddUpToTheWhole() {
    ResetPhases phases = new ResetPhases(SEALED, booted(BEGUN.plusMillis(4000)));

    assertThat(phases.seconds())
        .containsExactly(
            Map.entry("freeze", 0.1),
            Map.entry("seal", 0.2),
            Map.entry("kexec to kernel", 0.7),
            Map.entry("kernel to init", 3.0),
            Map.entry("init to agent", 0.5),
            Map.entry("agent to guests", 1.5));
    assertThat(phases.seconds().values().stream().mapToDouble(Double::doubleValue).sum())
        .isEqualTo(phases.blackoutSeconds(), within(1e-9));
  }

  @Test
  void withoutTheFirstProcessItsTwoPhasesAreOne() {
    assertThat(new ResetPhases(SEALED, booted(null)).seconds())
        .containsEntry("kernel to agent", 3.5)
        .doesNotContainKeys("kernel to init", "init to agent");
  }

  @Test
  void wayIsToldInOrder() {
    ResetPhases phases = new ResetPhases(SEALED, booted(BEGUN.plusMillis(4000)));

    assertThat(phases.steps()).extracting(Incident.Step::at).isSorted();
    assertThat(phases.steps())
        .extracting(Incident.Step::text)
        .startsWith("2 guests stood still: kv, web", "manifest sealed, jump into the next kernel");
    assertThat(phases.evidence()).contains("the boot that was ended: boot-a");
  }

  @Test
  void ofALostHostOnlyTheBootAfterIsKnown() {
    ResetPhases phases = new ResetPhases(null, booted(BEGUN.plusMillis(4000)));

    assertThat(phases.seconds())
        .containsOnlyKeys("kernel to init", "init to agent", "agent to guests");
    assertThat(phases.blackoutSeconds()).isZero();
    assertThat(phases.steps()).hasSize(4);
    assertThat(phases.evidence()).isEmpty();
  }

  private static Booted booted(@Nullable Instant init) {
    return new Booted(BEGUN.plusMillis(1000), init, BEGUN.plusMillis(4500), BEGUN.plusMillis(6000));
  }
}
