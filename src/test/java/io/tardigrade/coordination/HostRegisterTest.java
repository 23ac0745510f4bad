package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.replication.HostRoom;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts that come and go, in a real ZooKeeper. */
@Tag("system")
@Tag("aside")
class HostRegisterTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path folder;
  private ZooKeeperProcess server;
  private final List<Coordination> open = new ArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();

  /** A host, and what it has been told of all of them. */
  private final class Host {
    final Coordination coordination = new Coordination(server.address(), said::add);
    volatile List<HostRoom> told = List.of();
    final Consumer<HostRoom> announce = coordination.register(hosts -> told = hosts);

    Host() {
      open.add(coordination);
    }
  }

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(folder);
  }

  @AfterEach
  void end() throws Exception {
    open.forEach(Coordination::close);
    server.close();
  }

  private static void awaitTold(List<HostRoom> expected, Host... hosts) {
    for (Host host : hosts) {
      await().atMost(SOON).until(() -> host.told.equals(expected));
    }
  }

  @Test
  void hostsAreToldWhoThereIsAndWhoHasLeft() {
    HostRoom a = new HostRoom("a", "east", 1000, true);
    HostRoom b = new HostRoom("b", "", 2000, false);
    Host first = new Host();
    first.announce.accept(a);
    awaitTold(List.of(a), first);
    Host second = new Host();
    second.announce.accept(b);
    Host onlooker = new Host();
    awaitTold(List.of(a, b), first, second, onlooker);
    HostRoom fuller = new HostRoom("b", "", 500, true);
    second.announce.accept(fuller);
    awaitTold(List.of(a, fuller), first, second, onlooker);
    first.coordination.close();
    awaitTold(List.of(fuller), second, onlooker);
  }

  @Test
  void hostIsKnownAgainAfterItsSessionAndTheServerWereLost() throws Exception {
    HostRoom a = new HostRoom("a", "east", 1000, true);
    Host first = new Host();
    first.announce.accept(a);
    Host second = new Host();
    awaitTold(List.of(a), first, second);
    server.kill();
    Thread.sleep(3 * Coordination.SESSION_MILLIS / 2);
    server.start();
    HostRoom b = new HostRoom("b", "", 2000, true);
    second.announce.accept(b);
    awaitTold(List.of(a, b), first, second);
    Thread.sleep(2 * Coordination.SESSION_MILLIS);
    assertThat(first.told).as("and stays").containsExactly(a, b);
  }

  @Test
  void hostThatIsStartedAgainTakesItsPlaceFromTheOneBefore() {
    HostRoom a = new HostRoom("a", "east", 1000, true);
    Host before = new Host();
    before.announce.accept(a);
    awaitTold(List.of(a), before);
    HostRoom again = new HostRoom("a", "west", 3000, true);
    Host after = new Host();
    after.announce.accept(again);
    awaitTold(List.of(again), after, before);
    await().atMost(SOON).until(() -> said.stream().anyMatch(line -> line.contains("gives way")));
    before.coordination.close();
    await()
        .during(Duration.ofSeconds(3))
        .atMost(SOON)
        .until(() -> after.told.equals(List.of(again)));
  }
}
