package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.ReplicaSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A replicated guest that restarts itself, and one that powers off. */
@Tag("system")
@TestInstance(Lifecycle.PER_CLASS)
final class ReplicaEndTest {
  private ReplicaHosts hosts;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    hosts = new ReplicaHosts(folder);
    String probe = Probe.program().toString();
    hosts.start("--", probe);
  }

  @AfterAll
  void end() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }

  @Test
  void guestRestartsItselfAndThenPowersOffOnAllHosts() throws Exception {
    String address = hosts.spec().address();
    String before = Probe.look(address).bootId();
    try {
      String _ = Probe.ask(address, "reset");
    } catch (java.io.IOException e) {
      // It does not live to answer.
    }
    Guest.await("another boot")
        .ignoreExceptions()
        .until(() -> !Probe.look(address).bootId().equals(before));
    hosts.awaitProtected("a");
    assertThat(hosts.register.guests()).isNotEmpty();
    GuardianClient.connect(hosts.host("a").paths(), ReplicaHosts.GUEST).stop(60_000);
    Guest.await("outcome").until(() -> outcome("a").isPresent());
    assertThat(outcome("a").orElseThrow().state()).isEqualTo(GuestStatus.State.STOPPED);
    assertThat(hosts.register.guests()).isEmpty();
    for (String name : List.of("b", "c")) {
      Guest.await("replica dropped on " + name).until(() -> outcome(name).isPresent());
      assertThat(ReplicaSpec.read(hosts.host(name).paths(), ReplicaHosts.GUEST)).isEmpty();
      Guest.await("image of " + name)
          .until(() -> !Files.exists(hosts.host(name).paths().image(ReplicaHosts.GUEST)));
    }
  }

  private java.util.Optional<GuestFiles.Outcome> outcome(String name) throws Exception {
    return GuestFiles.of(hosts.host(name).paths(), ReplicaHosts.GUEST).outcome();
  }
}
