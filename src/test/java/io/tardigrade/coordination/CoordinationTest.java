package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Views in a real ZooKeeper, which is killed and stopped meanwhile. */
@Tag("system")
@Tag("aside")
class CoordinationTest {
  private static final String GUEST = "kv-1";
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path folder;
  private ZooKeeperProcess server;
  private final List<Host> hosts = new ArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();

  /** A host that listens to one guest's view. */
  private final class Host implements AutoCloseable {
    final Coordination coordination = new Coordination(server.address(), said::add);
    final List<View> answers = new CopyOnWriteArrayList<>();
    final Coordinator coordinator = coordination.coordinator(GUEST, answers::add);

    View newest() {
      return answers.isEmpty() ? View.NONE : answers.getLast();
    }

    /** Asks until there is an answer that is at least of this number. */
    View ask(long number) {
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> {
            coordinator.read();
            return newest().number() >= number;
          });
      return newest();
    }

    @Override
    public void close() {
      coordination.close();
    }
  }

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(folder);
  }

  @AfterEach
  void end() throws Exception {
    hosts.forEach(Host::close);
    server.close();
  }

  private Host host() throws InterruptedException {
    Host host = new Host();
    hosts.add(host);
    assertThat(host.coordination.await(20_000)).isTrue();
    return host;
  }

  private static View led(View before, String by) {
    return new View(before.number() + 1, before.number() + 1, by, List.of());
  }

  @Test
  void ofAllWhoProposeTheNextViewOneWinsAndAllAreToldWho() throws Exception {
    Host first = host();
    first.coordination.create(GUEST, View.first("a"));
    List<Host> all = List.of(first, host(), host());
    Map<Long, View> stored = new ConcurrentHashMap<>();
    View view = View.first("a");
    for (int round = 0; round < 50; round++) {
      View before = view;
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Host proposer = all.get(i);
        View next = led(before, "host" + i);
        threads.add(Thread.startVirtualThread(() -> proposer.coordinator.propose(next)));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      for (Host host : all) {
        await()
            .atMost(SOON)
            .pollInterval(Duration.ofMillis(2))
            .until(() -> host.newest().number() > before.number());
      }
      view = first.newest();
      for (Host host : all) {
        for (View answer : host.answers) {
          assertThat(stored.computeIfAbsent(answer.number(), n -> answer)).isEqualTo(answer);
        }
      }
    }
    assertThat(view.number()).isEqualTo(51);
  }

  @Test
  void proposalOverAnOlderOrNewerViewChangesNothing() throws Exception {
    Host host = host();
    host.coordination.create(GUEST, View.first("a"));
    host.ask(1);
    host.answers.clear();
    View second = led(View.first("a"), "b");
    host.coordinator.propose(second);
    assertThat(host.ask(2)).isEqualTo(second);
    host.coordinator.propose(led(View.first("a"), "c"));
    await().atMost(SOON).until(() -> host.answers.size() > 1);
    host.coordinator.propose(new View(4, 4, "c", List.of()));
    assertThat(host().ask(2)).isEqualTo(second);
    assertThat(host.answers).containsOnly(second);
  }

  @Test
  void whatOthersStoreIsNoticedWithoutAsking() throws Exception {
    Host writer = host();
    writer.coordination.create(GUEST, View.first("a"));
    Host reader = host();
    reader.ask(1);
    View view = View.first("a");
    for (int i = 0; i < 5; i++) {
      view = led(view, "b");
      writer.coordinator.propose(view);
      View expected = view;
      await().atMost(SOON).until(() -> reader.newest().equals(expected));
    }
  }

  @Test
  void whatIsStoredOutlivesTheServersEnd() throws Exception {
    Host host = host();
    host.coordination.create(GUEST, View.first("a"));
    View second = led(View.first("a"), "b");
    host.coordinator.propose(second);
    host.ask(2);
    server.kill();
    host.answers.clear();
    host.coordinator.read();
    server.start();
    assertThat(host.ask(2)).isEqualTo(second);
    View third = led(second, "c");
    host.coordinator.propose(third);
    assertThat(host.ask(3)).isEqualTo(third);
    assertThat(said).anyMatch(line -> line.contains("does not answer"));
  }

  @Test
  void serverThatStandsStillHoldsUpNobodyAndItsLateAnswersAreNotHeard() throws Exception {
    Host host = host();
    host.coordination.create(GUEST, View.first("a"));
    host.ask(1);
    server.standStill();
    host.answers.clear();
    long before = System.nanoTime();
    for (int i = 0; i < 20_000; i++) {
      host.coordinator.read();
      host.coordinator.propose(led(View.first("a"), "b"));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
    Thread.sleep(Coordination.SESSION_MILLIS + 2_000);
    server.goOn();
    host.ask(1);
    View next = led(host.newest(), "c");
    host.coordinator.propose(next);
    host.ask(next.number());
  }

  @Test
  void sessionThatEndedBeginsAnewAndChangesAreNoticedAgain() throws Exception {
    Host writer = host();
    writer.coordination.create(GUEST, View.first("a"));
    Host reader = host();
    reader.ask(1);
    server.kill();
    Thread.sleep(3 * Coordination.SESSION_MILLIS / 2);
    server.start();
    reader.ask(1);
    View second = led(View.first("a"), "b");
    await()
        .atMost(SOON)
        .until(() -> {
          writer.coordinator.propose(second);
          return reader.newest().equals(second);
        });
  }

  @Test
  void whatIsNoViewIsToldOnceAndNeverHeard() throws Exception {
    Host host = host();
    host.coordination.create(GUEST, View.first("a"));
    host.ask(1);
    host.answers.clear();
    try (CuratorFramework person =
        CuratorFrameworkFactory.newClient(server.address(), new RetryOneTime(100))) {
      person.start();
      person.setData().forPath("/tardigrade/guests/" + GUEST + "/view", new byte[] {1, 2});
      await().atMost(SOON).until(() -> !faults().isEmpty());
      person
          .setData()
          .forPath(
              "/tardigrade/guests/" + GUEST + "/view", ViewText.encode(led(View.first("a"), "b")));
      await().atMost(SOON).until(() -> faults().size() == 2);
    }
    for (int i = 0; i < 20; i++) {
      host.coordinator.read();
      Thread.sleep(10);
    }
    assertThat(faults()).hasSize(2).last().asString().contains("was changed 2 times");
    assertThat(host.answers).isSubsetOf(View.first("a"));
  }

  private List<String> faults() {
    return said.stream().filter(line -> line.contains("is no view")).toList();
  }

  @Test
  void guestsAreMadeOnceListedAndForgotten() throws Exception {
    Host host = host();
    assertThat(host.coordination.guests()).isEmpty();
    host.coordination.create(GUEST, View.first("a"));
    assertThatThrownBy(() -> host.coordination.create(GUEST, View.first("b")))
        .isInstanceOf(IOException.class)
        .hasMessage("guest kv-1 has a view already");
    assertThat(host.coordination.guests()).containsExactly(GUEST);
    host.coordination.delete(GUEST);
    host.coordination.delete(GUEST);
    assertThat(host.coordination.guests()).isEmpty();
    await()
        .atMost(SOON)
        .until(() -> {
          host.coordinator.read();
          return host.answers.contains(View.NONE);
        });
  }

  @Test
  void whoIsReleasedIsToldNothingMore() throws Exception {
    Host host = host();
    host.coordination.create(GUEST, View.first("a"));
    host.ask(1);
    host.coordination.release(host.coordinator);
    host.answers.clear();
    Host other = host();
    other.coordinator.propose(led(View.first("a"), "b"));
    other.ask(2);
    for (int i = 0; i < 50; i++) {
      Coordinator asked = host.coordination.coordinator(GUEST, host.answers::add);
      asked.read();
      host.coordination.release(asked);
    }
    Thread.sleep(200);
    assertThat(host.answers).isEmpty();
  }
}
