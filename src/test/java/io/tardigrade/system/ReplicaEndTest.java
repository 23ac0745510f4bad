package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.ReplicaSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A replicated guest that restarts itself, and one that powers off. */
@Tag("aside")
final class ReplicaEndTest extends ReplicaSystemTest {

  @Override
  void startGuest() throws Exception {
    hosts.start("--", Probe.program().toString());
  }

  @Test
  void guestRestartsItselfAlsoAsItsHostIsLostAndThenPowersOffForGood() throws Exception {
    String address = hosts.spec().address();
    reset(address);
    hosts.awaitProtected("a");
    String before = Probe.look(address).bootId();
    ask(address);
    hosts.kill("a");
    awaitBootAfter(address, before);
    String leader = hosts.awaitLeaderBut("a");
    assertThat(hosts.register.guests()).isNotEmpty();
    GuardianClient.connect(hosts.host(leader).paths(), ReplicaHosts.GUEST).stop(60_000);
    Guest.await("outcome").until(() -> outcome(leader).isPresent());
    assertThat(outcome(leader).orElseThrow().state()).isEqualTo(GuestStatus.State.STOPPED);
    assertThat(hosts.register.guests()).isEmpty();
    String other = leader.equals("b") ? "c" : "b";
    Guest.await("replica dropped on " + other)
        .until(() -> ReplicaSpec.read(hosts.host(other).paths(), ReplicaHosts.GUEST).isEmpty());
    Guest.await("image of " + other)
        .until(() -> !Files.exists(hosts.host(other).paths().image(ReplicaHosts.GUEST)));
  }

  private static void reset(String address) throws Exception {
    String before = Probe.look(address).bootId();
    ask(address);
    awaitBootAfter(address, before);
  }

  private static void ask(String address) {
    try {
      String _ = Probe.ask(address, "reset");
    } catch (IOException e) {
      // It does not live to answer.
    }
  }

  private static void awaitBootAfter(String address, String before) {
    Guest.await("another boot")
        .ignoreExceptions()
        .until(() -> !Probe.look(address).bootId().equals(before));
  }

  private Optional<GuestFiles.Outcome> outcome(String name) throws Exception {
    return GuestFiles.of(hosts.host(name).paths(), ReplicaHosts.GUEST).outcome();
  }
}
