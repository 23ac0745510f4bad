package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A replicated guest with a disk. Power is lost on all its hosts at once, and comes back on one
 * after the other; and at last it is replicated no longer.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("aside")
final class ReplicaMemoryLossTest extends ReplicaSystemTest {
  @Override
  void startGuest() throws Exception {
    hosts.start("--volume", "kept:/data:64M", "--", Probe.program().toString());
  }

  @Test
  @Order(1)
  void guestBootsOnItsLastPrimaryWithAllThatClientsWereToldOrWhereAPersonDecides()
      throws Exception {
    String address = hosts.spec().address();
    String before = Probe.look(address).bootId();
    long told;
    try (CountingClient records = CountingClient.records(address, "/data/records")) {
      records.await(50);
      records.rest(true);
      told = records.last();
    }
    loseAllPower();

    hosts.begin("a");
    hosts.begin("b");
    hosts.awaitStatus("a", "waits for c", s -> s.state() == GuestStatus.State.BACKUP);
    hosts.begin("c");
    hosts.awaitProtected();

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
    personDecidesWhereTheLastPrimaryStaysAway();
  }

  private void personDecidesWhereTheLastPrimaryStaysAway() throws Exception {
    String last = hosts.awaitProtected();
    List<String> others = Stream.of("a", "b", "c").filter(name -> !name.equals(last)).toList();
    String chosen = others.getFirst();
    assertThatThrownBy(() -> guardian(chosen).bootFromDisk())
        .hasMessageContaining("holds the guest's memory");
    loseAllPower();
    for (String name : others) {
      hosts.begin(name);
    }
    String waits =
        Objects.requireNonNull(
                hosts
                    .awaitStatus(
                        chosen,
                        "waits for " + last,
                        s ->
                            s.replica() != null
                                && s.replica().text().contains("waits for " + last + ";"))
                    .replica())
            .text();
    assertThat(waits).contains("tardigrade failover kv --from-disk --to " + chosen);
    assertThat(guardian(chosen).bootFromDisk())
        .contains("memory that " + last + " may hold")
        .contains("may be missing");
    assertThat(hosts.awaitLeaderBut(last)).isEqualTo(chosen);
    String boot = awaitBoot();

    hosts.begin(last);
    assertThat(hosts.awaitProtected()).as("others hold what it has").isNotEmpty();
    assertThat(Probe.look(hosts.spec().address()).bootId()).isEqualTo(boot);
  }

  private GuardianClient guardian(String host) throws IOException {
    return GuardianClient.connect(hosts.host(host).paths(), ReplicaHosts.GUEST);
  }

  private String awaitBoot() {
    String address = hosts.spec().address();
    return Guest.await("a boot")
        .ignoreExceptions()
        .until(() -> Probe.look(address).bootId(), id -> !id.isEmpty());
  }

  @Test
  @Order(2)
  void guestThatIsReplicatedNoLongerGoesOnWritingAndLeavesNothingOnItsBackups() throws Exception {
    // The bridge of all hosts here is the first one's, and goes with its replica.
    String leader = "a";
    Guest.await("protected 2/2 on " + leader)
        .until(() -> {
          String led = hosts.awaitProtected();
          if (!led.equals(leader)) {
            guardian(led).switchOver(leader);
          }
          return led.equals(leader);
        });
    TestHost host = hosts.host(leader);
    // A backup that is late at the takeover leaves the view for a moment.
    Guest.await("two backups are listed")
        .until(() -> host.must("list", "--local").out().contains("2/2"));
    try (CountingClient records = CountingClient.records(hosts.spec().address(), "/data/more")) {
      records.await(50);
      assertThat(host.must("unprotect", ReplicaHosts.GUEST).out()).contains("has no backups");
      records.await(50);
      assertThat(host.must("list", "--local").out())
          .doesNotContain("2/2")
          .contains(String.valueOf(hosts.ask(leader).orElseThrow().protection().engine()));
      assertThat(hosts.register.id(ReplicaHosts.GUEST)).as("its name is free").isEmpty();
      assertThat(hosts.register.guests()).isEmpty();
      for (String other : List.of("a", "b", "c")) {
        if (!other.equals(leader)) {
          HostPaths paths = hosts.host(other).paths();
          Guest.await("nothing of it on " + other)
              .until(() ->
                  !Files.exists(paths.guest(ReplicaHosts.GUEST))
                      && !Files.exists(paths.image(ReplicaHosts.GUEST))
                      && !Files.exists(paths.volumes().resolve("kept.img")));
        }
      }
      GuestStatus alone = hosts.ask(leader).orElseThrow();
      assertThat(alone.replica()).isNull();
      Linux.kill(Objects.requireNonNull(alone.hypervisor().pid()), Linux.SIGKILL);
      records.await(50);
    }
  }

  private void loseAllPower() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      hosts.kill(name);
    }
    for (String name : List.of("a", "b", "c")) {
      loseMemory(hosts.host(name).paths());
    }
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
