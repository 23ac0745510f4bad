package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.Linux;
import io.tardigrade.system.Guest.Victim;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two guests on one host, and every kind of process killed beneath them. */
@Tag("aside")
final class TwoGuestsTest extends SystemTest {
  private static final int ROUNDS = 12;

  @Test
  void guestsDoNotFeelEachOthersFailures() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("TwoGuestsTest: -Dseed=" + seed);
    Random random = new Random(seed);
    String program = Probe.program().toString();
    List<Guest> guests =
        List.of(host().run("one", "--", program), host().run("two", "--", program));
    try (CountingClient first = guests.get(0).countWithProbe();
        CountingClient second = guests.get(1).countWithProbe()) {
      first.await(10);
      second.await(10);
      for (int i = 0; i < ROUNDS; i++) {
        Guest guest = guests.get(random.nextInt(2));
        guest.kill(random.nextInt(4) == 0 ? Victim.GUARDIAN : Victim.HYPERVISOR);
        Thread.sleep(random.nextInt(300));
        first.await(5);
        second.await(5);
      }
      killEverythingOneByOne(guests, first, second);
    }
    for (Guest guest : guests) {
      assertThat(guest.console()).containsOnlyOnce("probe serves");
      assertThat(guest.incidents()).allMatch(i -> i.outcome().equals("recovered"));
    }
  }

  /** The agent among them, while it has a guardian to start. */
  private void killEverythingOneByOne(
      List<Guest> guests, CountingClient first, CountingClient second) throws Exception {
    guests.forEach(Guest::awaitProtected);
    long guardian = guests.get(0).kill(Victim.GUARDIAN);
    for (long agent : host().agents()) {
      Linux.kill(agent, Linux.SIGKILL);
    }
    long other = guests.get(1).kill(Victim.HYPERVISOR);
    first.await(20);
    second.await(20);
    guests.get(0).awaitProtectedAfter(Victim.GUARDIAN, guardian);
    guests.get(1).awaitProtectedAfter(Victim.HYPERVISOR, other);
    for (Guest guest : guests) {
      for (long pid : guest.hypervisors()) {
        Linux.kill(pid, Linux.SIGKILL);
      }
    }
    first.await(20);
    second.await(20);
    guests.forEach(Guest::awaitProtected);
  }

  /** Nobody is left to start anything but the other guest's guardian. */
  @Test
  void agentAndGuardianKilledAtOnceComeBack() throws Exception {
    String program = Probe.program().toString();
    Guest kept = host().run("kept", "--", program);
    Guest hit = host().run("hit", "--", program);
    try (CountingClient first = kept.countWithProbe();
        CountingClient second = hit.countWithProbe()) {
      first.await(10);
      second.await(10);
      kept.awaitProtected();
      hit.awaitProtected();
      long guardian = hit.pid(Victim.GUARDIAN);
      for (long agent : host().agents()) {
        Linux.kill(agent, Linux.SIGKILL);
      }
      Linux.kill(guardian, Linux.SIGKILL);
      second.await(20);
      hit.awaitProtectedAfter(Victim.GUARDIAN, guardian);
      first.await(20);
    }
  }
}
