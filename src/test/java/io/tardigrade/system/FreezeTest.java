package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.preserve.ResetLock;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A guest that stands still for a reset of its host which does not come about. */
final class FreezeTest extends SystemTest {
  @Test
  void guestFrozenByAResetThatDiesGoesOnWithItsConnection() throws Exception {
    Guest guest = host().run("kv", "--", Probe.program().toString());
    guest.awaitProtected();
    long guardian = guest.pid(Guest.Victim.GUARDIAN);
    try (CountingClient client = guest.countWithProbe()) {
      client.await(20);
      // Closing the lock is all that is left of a process that was killed.
      try (ResetLock _ = ResetLock.take(host().paths()).orElseThrow()) {
        GuardianClient.connect(host().paths(), "kv").freeze();
        Guest.await("freeze").until(() -> Freeze.ended(host().paths(), "kv"), Optional::isPresent);
        assertThat(Freeze.ended(host().paths(), "kv").orElseThrow().refusal()).isNull();
        // Long enough for the agent to look at its guests twice.
        Thread.sleep(2500);
        assertThat(guest.ask()).as("it is frozen").isEmpty();
      }
      guest.awaitProtectedAfter(Guest.Victim.GUARDIAN, guardian);
      client.await(20);
    }
    guest.delete();
  }
}
