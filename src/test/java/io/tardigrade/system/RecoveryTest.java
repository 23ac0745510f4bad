package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Linux;
import io.tardigrade.system.Guest.Victim;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One failure at a time beneath a guest with redis, whose client counts on one connection. */
final class RecoveryTest extends SystemTest {
  private static final int ANSWERS = 100;

  private Guest guest;
  private CountingClient client;

  @BeforeAll
  void start() throws Exception {
    guest = host().runShared("kv", "--", "redis-server", "--protected-mode", "no", "--save", "");
    client = guest.countWithRedis();
    client.await(ANSWERS);
    guest.awaitProtected();
  }

  @AfterAll
  void end() throws Exception {
    if (client != null) {
      client.close();
    }
  }

  @Test
  void killedHypervisorIsReplacedAndTheClientGoesOnCounting() throws Exception {
    int before = guest.incidents().size();
    long recoveries = guest.awaitProtected().recoveries().count();
    long killed = guest.kill(Victim.HYPERVISOR);
    client.await(ANSWERS);
    GuestStatus after = guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    Incident incident =
        guest.awaitIncident(before, i -> i.phaseSeconds().containsKey("first output after"));
    assertThat(incident.cause()).isEqualTo("hypervisor-died");
    assertThat(incident.outcome()).isEqualTo("recovered");
    assertThat(incident.evidence()).anyMatch(e -> e.contains(killed + " ended with signal 9"));
    assertThat(incident.phaseSeconds()).containsKey("load state, run");
    assertThat(incident.blackoutSeconds()).isBetween(0.001, 60.0);
    assertThat(incident.timeline())
        .extracting(Incident.Step::kind)
        .contains("seen", "decided", "done", "felt");
    Guest.await("recovery is counted")
        .until(() -> guest.show().recoveries().count() == recoveries + 1);
    assertThat(guest.show().recoveries().lastCause()).isEqualTo("hypervisor-died");
    assertThat(after.protection().engine()).isNotNull();
    assertThat(host().must("incident", "show", incident.id()).out()).contains("signal 9");
    assertThat(host().must("incident", "list", "-o", "json").out()).contains(incident.id());
  }

  @Test
  void killedGuardianIsReplacedAndTheClientGoesOnCounting() throws Exception {
    killGuardian();
    // The second is the child of the agent that runs now, whichever started the first.
    assertThat(killGuardian()).contains(" ended with signal 9");
  }

  private String killGuardian() throws Exception {
    int before = guest.incidents().size();
    guest.awaitProtected();
    long killed = guest.kill(Victim.GUARDIAN);
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.GUARDIAN, killed);
    Incident incident = guest.awaitIncident(before, i -> true);
    assertThat(incident.cause()).isEqualTo("guardian-died");
    assertThat(incident.outcome()).isEqualTo("recovered");
    String told = String.join("; ", texts(incident));
    assertThat(told).contains("guardian " + killed);
    assertThat(guest.hypervisors()).as("those of the old guardian are gone").hasSize(2);
    return told;
  }

  @Test
  void killedAgentIsReplacedAndTheGuestFeelsNothing() throws Exception {
    int before = guest.incidents().size();
    GuestStatus running = guest.awaitProtected();
    long killed = onlyAgent();
    Linux.kill(killed, Linux.SIGKILL);
    client.await(ANSWERS);
    Guest.await("another agent").until(() -> host().agents().stream().anyMatch(a -> a != killed));
    assertThat(guest.awaitProtected().guardian().pid()).isEqualTo(running.guardian().pid());
    assertThat(guest.incidents()).hasSize(before);
    killGuardian();
  }

  private long onlyAgent() {
    Guest.await("an agent").until(() -> host().agents().size() == 1);
    return host().agents().getFirst();
  }

  @Test
  void stoppedHypervisorIsRecognisedAsHung() throws Exception {
    int before = guest.incidents().size();
    guest.awaitProtected();
    long hung = guest.pid(Victim.HYPERVISOR);
    Instant stopped = Instant.now();
    Linux.kill(hung, Linux.SIGSTOP);
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, hung);
    Incident incident = guest.awaitIncident(before, i -> true);
    assertThat(incident.cause()).isEqualTo("hypervisor-hung");
    assertThat(Duration.between(stopped, incident.at())).isLessThan(Duration.ofSeconds(20));
    assertThat(Processes.goneWithin(List.of(hung), 20_000)).isEmpty();
  }

  @Test
  void stoppedGuardianIsRecognisedAsHung() throws Exception {
    int before = guest.incidents().size();
    guest.awaitProtected();
    long hung = guest.pid(Victim.GUARDIAN);
    Linux.kill(hung, Linux.SIGSTOP);
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.GUARDIAN, hung);
    Incident incident = guest.awaitIncident(before, i -> true);
    assertThat(incident.cause()).isEqualTo("guardian-hung");
    assertThat(incident.outcome()).isEqualTo("recovered");
    assertThat(Processes.goneWithin(List.of(hung), 20_000)).isEmpty();
  }

  @Test
  void nextHypervisorKilledAtOnceFourTimesInARowIsReplacedEachTime() throws Exception {
    guest.awaitProtected();
    long killed = guest.kill(Victim.HYPERVISOR);
    for (int i = 0; i < 4; i++) {
      killed = killNext(killed);
    }
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
  }

  /** Asks without a rest, so that the next one lives for about a millisecond. */
  private long killNext(long killed) throws Exception {
    long deadline = System.nanoTime() + Guest.PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      Long pid = guest.ask().map(s -> s.hypervisor().pid()).orElse(null);
      if (pid != null && pid != killed) {
        Linux.kill(pid, Linux.SIGKILL);
        return pid;
      }
    }
    throw new AssertionError("no hypervisor after " + killed);
  }

  @Test
  void spareKilledWhileItLoadsIsReplaced() throws Exception {
    GuestStatus before = guest.awaitProtected();
    long running = guest.pid(Victim.HYPERVISOR);
    // The running one began as a spare too, unless it was the first.
    long spare = spareBeside(running);
    Linux.kill(spare, Linux.SIGKILL);
    long loading = awaitSpareBeside(running, spare);
    Linux.kill(loading, Linux.SIGKILL);
    client.await(ANSWERS);
    GuestStatus after =
        guest.awaitStatus(
            "another spare",
            s ->
                s.spareReady()
                    && guest.spares().stream().anyMatch(p -> p != loading && p != running));
    assertThat(after.hypervisor().pid()).isEqualTo(before.hypervisor().pid());
    long killed = guest.kill(Victim.HYPERVISOR);
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
  }

  private long spareBeside(long running) {
    return awaitSpareBeside(running, -1);
  }

  private long awaitSpareBeside(long running, long killed) {
    Guest.await("a spare")
        .pollInterval(Duration.ofMillis(1))
        .until(() -> guest.spares().stream().anyMatch(p -> p != running && p != killed));
    return guest.spares().stream()
        .filter(p -> p != running && p != killed)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void spareKilledWithTheHypervisorIsReplaced() throws Exception {
    guest.awaitProtected();
    long running = guest.pid(Victim.HYPERVISOR);
    Linux.kill(spareBeside(running), Linux.SIGKILL);
    Linux.kill(running, Linux.SIGKILL);
    client.await(ANSWERS);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, running);
  }

  @Test
  void guardianKilledWhileAHypervisorIsReplacedLosesNothing() throws Exception {
    for (int millis : new int[] {0, 8, 30}) {
      guest.awaitProtected();
      long guardian = guest.pid(Victim.GUARDIAN);
      guest.kill(Victim.HYPERVISOR);
      Thread.sleep(millis);
      Linux.kill(guardian, Linux.SIGKILL);
      client.await(ANSWERS);
      guest.awaitProtectedAfter(Victim.GUARDIAN, guardian);
    }
  }

  private static List<String> texts(Incident incident) {
    List<String> texts = new java.util.ArrayList<>(incident.evidence());
    incident.timeline().forEach(s -> texts.add(s.text()));
    return texts;
  }
}
