package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Power is lost on all hosts of a guest at once, and comes back on one after the other. */
@Tag("aside")
final class ReplicaMemoryLossTest extends ReplicaSystemTest {
  @Override
  void startGuest() throws Exception {
    hosts.start("--volume", "kept:/data:64M", "--", Probe.program().toString());
  }

  @Test
  void guestBootsOnItsLastPrimaryWithAllThatClientsWereToldItHasOnItsDisk() throws Exception {
    String address = hosts.spec().address();
    String before = Probe.look(address).bootId();
    long told;
    try (CountingClient records = CountingClient.records(address, "/data/records")) {
      records.await(50);
      records.rest(true);
      told = records.last();
    }
    for (String name : List.of("a", "b", "c")) {
      hosts.kill(name);
    }
    for (String name : List.of("a", "b", "c")) {
      loseMemory(hosts.host(name).paths());
    }

    hosts.begin("a");
    hosts.begin("b");
    hosts.awaitStatus("a", "waits for c", s -> s.state() == GuestStatus.State.BACKUP);
    hosts.begin("c");
    hosts.awaitProtected(hosts.awaitLeaderBut(""));

    Guest.await("another boot")
        .ignoreExceptions()
        .until(() -> !Probe.look(address).bootId().equals(before));
    try (CountingClient records = CountingClient.records(address, "/data/records")) {
      records.await(1);
      assertThat(records.last()).as("follows what was told").isGreaterThan(told);
    }
    Incident incident =
        new IncidentStore(hosts.host("a").paths().incidents())
            .list().stream()
                .filter(i -> i.cause().equals("host-memory-lost"))
                .findFirst()
                .orElseThrow();
    assertThat(incident.timeline().toString())
        .contains("no host of view")
        .contains("last committed");
  }

  private static void loseMemory(HostPaths paths) throws IOException {
    try (Stream<Path> all = Files.walk(paths.images())) {
      for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        if (!file.equals(paths.images())) {
          Files.delete(file);
        }
      }
    }
  }
}
