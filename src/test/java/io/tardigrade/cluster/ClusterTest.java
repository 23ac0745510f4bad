package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.coordination.ZooKeeperProcess;
import io.tardigrade.links.BadWire;
import io.tardigrade.links.TestAuthority;
import io.tardigrade.replica.MemoryFolder;
import io.tardigrade.replica.Snapshot;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.View;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Members over real links and a real ZooKeeper: what is simulated elsewhere, with the edges that
 * the simulator replaces.
 */
@Tag("system")
class ClusterTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path folder;

  @TempDir(factory = MemoryFolder.class)
  Path memory;

  private final Map<EpochId, Snapshot> snapshots = new ConcurrentHashMap<>();
  private ZooKeeperProcess coordinator;
  private final List<ClusterHost> hosts = new ArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();

  @BeforeEach
  void begin() throws Exception {
    coordinator = new ZooKeeperProcess(folder);
    TestAuthority authority = new TestAuthority("cluster");
    for (String name : List.of("a", "b", "c")) {
      hosts.add(
          new ClusterHost(
              name,
              authority.host(name),
              coordinator.port(),
              Files.createDirectories(memory.resolve(name)),
              name.equals("a"),
              snapshots,
              said));
    }
    for (ClusterHost from : hosts) {
      for (ClusterHost to : hosts) {
        if (from != to) {
          from.wires.put(to.name, new BadWire(to.listener.port()));
        }
      }
    }
    ClusterHost first = hosts.getFirst();
    assertThat(first.coordination().await(30_000)).isTrue();
    first.coordination().create(ClusterHost.GUEST, View.first("a"));
    List<HostRoom> rooms =
        hosts.stream().map(host -> new HostRoom(host.name, "", 1, true)).toList();
    for (ClusterHost host : hosts) {
      host.member().start();
      host.live();
      host.member()
          .call(member -> {
            member.protect(2, 1);
            member.onHosts(rooms);
            return true;
          });
    }
    awaitProtected();
  }

  @AfterEach
  void end() throws Exception {
    for (ClusterHost host : hosts) {
      assertThat(host.failures).as("on %s", host.name).isEmpty();
      host.close();
    }
    coordinator.close();
  }

  private List<ClusterHost> running() {
    return hosts.stream().filter(host -> host.runs).toList();
  }

  private ClusterHost awaitProtected() {
    await("protected")
        .atMost(SOON)
        .conditionEvaluationListener(c -> {})
        .until(() -> {
          List<ClusterHost> running = running();
          return running.size() == 1
              && running
                  .getFirst()
                  .member()
                  .call(member -> member.protection().text())
                  .get(5, TimeUnit.SECONDS)
                  .equals("2/2");
        });
    return running().getFirst();
  }

  private void awaitOutput(ClusterHost host) {
    EpochId before = host.released;
    await().atMost(SOON).until(() -> host.released.epoch() > before.epoch() + 5);
  }

  @Test
  void hostThatVanishesIsReplacedAndNothingThatWasLetOutIsLost() throws Exception {
    ClusterHost first = running().getFirst();
    awaitOutput(first);
    long vanishedNanos = System.nanoTime();
    first.vanish(true, hosts);
    await().atMost(SOON).pollInterval(Duration.ofMillis(2)).until(() -> running().size() == 2);
    ClusterHost next = running().stream().filter(host -> host != first).findAny().orElseThrow();
    Duration taken = Duration.ofNanos(next.ranSinceNanos - vanishedNanos);
    assertThat(taken).as("takeover; %s", said).isLessThan(Duration.ofSeconds(3));
    System.out.println("takeover after " + taken.toMillis() + " ms");
    EpochId letOut = first.released;
    assertThat(next.ranFrom.epoch()).isGreaterThanOrEqualTo(letOut.epoch());
    Thread.sleep(300);
    assertThat(first.released).as("who was replaced lets nothing out").isEqualTo(letOut);
    first.vanish(false, hosts);
    assertThat(awaitProtected()).isSameAs(next);
    awaitOutput(next);
  }

  @Test
  void guestIsSwitchedOverWithoutLosingAnEpoch() throws Exception {
    ClusterHost first = running().getFirst();
    awaitOutput(first);
    String against = first.member().call(member -> member.switchOver("b", System.nanoTime())).get();
    assertThat(against).isEmpty();
    ClusterHost second = hosts.get(1);
    await().atMost(SOON).until(() -> second.runs && !first.runs);
    assertThat(second.ranFrom).isEqualTo(first.released);
    assertThat(awaitProtected()).isSameAs(second);
    awaitOutput(second);
  }

  @Test
  void hostWhoseLinksOnlyAreCutKeepsTheGuest() throws Exception {
    ClusterHost first = running().getFirst();
    awaitOutput(first);
    ClusterHost cut = hosts.get(2);
    first.wires.get("c").hold(true);
    cut.wires.get("a").hold(true);
    awaitOutput(first);
    first.wires.get("c").hold(false);
    cut.wires.get("a").hold(false);
    awaitProtected();
    awaitOutput(running().getFirst());
  }

  @Test
  void guestsGoOnWithoutTheCoordinatorWhileTheirBackupsAnswer() throws Exception {
    ClusterHost first = running().getFirst();
    coordinator.kill();
    awaitOutput(first);
    Thread.sleep(1000);
    awaitOutput(first);
    assertThat(running()).containsExactly(first);
    coordinator.start();
    hosts.get(1).close();
    hosts.remove(1);
    await()
        .atMost(SOON)
        .until(() ->
            first.member().call(member -> member.view().backups()).get().equals(List.of("c")));
    awaitOutput(first);
  }
}
