package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.system.Guest.Victim;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a guest itself can tell of the failures beneath it: next to nothing. */
@Tag("aside")
final class GuestViewTest extends SystemTest {
  private static final Duration CLOCK_ERROR_MAX = Duration.ofSeconds(1);

  private Guest guest;

  @BeforeAll
  void start() throws Exception {
    guest = host().runShared("view", "--", Probe.program().toString());
    try (CountingClient client = guest.countWithProbe()) {
      client.await(5);
    }
  }

  @Test
  void guestSeesNoRebootAndItsUptimeGoesOn() throws Exception {
    Probe.Look before = Probe.look(guest.address());
    for (Victim victim : new Victim[] {Victim.HYPERVISOR, Victim.GUARDIAN, Victim.HYPERVISOR}) {
      guest.awaitProtected();
      long killed = guest.kill(victim);
      guest.awaitProtectedAfter(victim, killed);
      Probe.Look after = Probe.look(guest.address());
      assertThat(after.bootId()).isEqualTo(before.bootId());
      assertThat(after.uptimeNanos()).isGreaterThan(before.uptimeNanos());
      before = after;
    }
    assertThat(guest.console()).containsOnlyOnce("probe serves");
  }

  @Test
  void guestsClockFollowsTheHostsAfterARecovery() throws Exception {
    awaitRightClock();
    guest.awaitProtected();
    // Two seconds and more stand between the last checkpoint and the next.
    long hung = guest.pid(Victim.HYPERVISOR);
    Processes.stop(hung);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, hung);
    awaitRightClock();
  }

  private void awaitRightClock() {
    Guest.await("the guest's clock is right")
        .atMost(Guest.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(clockError()).isLessThan(CLOCK_ERROR_MAX));
  }

  /** How far the guest's clock is from the host's, at least. */
  private Duration clockError() throws Exception {
    Instant asked = Instant.now();
    Instant told = Instant.EPOCH.plus(Probe.look(guest.address()).realNanos(), ChronoUnit.NANOS);
    Instant answered = Instant.now();
    if (told.isBefore(asked)) {
      return Duration.between(told, asked);
    }
    return told.isAfter(answered) ? Duration.between(answered, told) : Duration.ZERO;
  }
}
