package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.cluster.Replicas;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.coordination.ZooKeeperProcess;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host makes and drops by what a real ZooKeeper knows, or knows no longer. */
@Tag("system")
@Tag("aside")
class KeptReplicasTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String ID = DefinedGuest.ID;

  @TempDir Path folder;
  private final FakeHost network = new FakeHost();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private ZooKeeperProcess server;
  private Coordination coordination;
  private GuestRegister register;
  private HostPaths here;
  private GuestDefinition guest;

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(Files.createDirectory(folder.resolve("zookeeper")));
    coordination = new Coordination(server.address(), line -> {});
    assertThat(coordination.await(20_000)).isTrue();
    register = coordination.guestRegister();
    here = DefinedGuest.paths(folder, "here");
    Files.createDirectories(here.cluster());
    guest = DefinedGuest.of(folder);
  }

  @AfterEach
  void end() {
    coordination.close();
    server.close();
  }

  private Replicas replicas() {
    return new Replicas(
        here,
        "b",
        register,
        new ReplicaKeeper(here, network),
        new Replicas.Parts() {
          @Override
          public void fetch(String host, String name, String file, Path to) throws IOException {
            Files.writeString(to, file);
          }

          @Override
          public boolean leads(String name) {
            return false;
          }

          @Override
          public void startWanted() {}
        },
        told::add);
  }

  /** Waits until all has been done that follows from a look which began after this call. */
  private void awaitLook(Replicas replicas) throws IOException {
    Path seen = here.cluster().resolve("addresses");
    // Each look writes it, before it acts: the second one begins after the first has acted.
    for (int look = 0; look < 3; look++) {
      Files.deleteIfExists(seen);
      replicas.lookSoon();
      await().atMost(SOON).until(() -> Files.exists(seen));
    }
  }

  private void awaitTold(String part) {
    await().atMost(SOON).until(() -> told.stream().anyMatch(line -> line.contains(part)));
  }

  @Test
  void replicaThatNobodyKnowsOfIsKeptUntilItIsKnownToHaveEnded() throws Exception {
    register.enter("kv", ID, guest.encode(), "a");
    coordination.create(ID, View.first("a"));
    register.assign(ID, "b");
    try (Replicas _ = replicas()) {
      awaitTold("this host is to keep a replica");
      Path disk = here.volumes().resolve("data.img");
      assertThat(disk).exists();
      // As if all that was stored were lost.
      coordination.client().delete().deletingChildrenIfNeeded().forPath("/tardigrade");
      awaitTold("knows neither the guest nor that it has ended");
      assertThat(disk).exists();
      assertThat(here.guest("kv")).exists();
      register.enter("kv", ID, guest.encode(), "a");
      register.forget("kv", ID);
      awaitTold("this host keeps no replica any longer");
      assertThat(disk).doesNotExist();
      assertThat(here.guest("kv")).doesNotExist();
    }
  }

  @Test
  void whatAKilledAttemptToProtectHasEnteredIsTakenBackAndNotWhatIsUnderWay() throws Exception {
    register.enter("kv", ID, guest.encode(), "b");
    try (ResetLock _ = ResetLock.take(here).orElseThrow()) {
      try (Replicas replicas = replicas()) {
        awaitLook(replicas);
        assertThat(register.id("kv")).contains(ID);
      }
    }
    try (Replicas _ = replicas()) {
      awaitTold("has left is taken back");
    }
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.guests()).isEmpty();
    assertThat(here.guest("kv")).doesNotExist();
  }

  @Test
  void guestThatAnotherHostIsFoundingIsLeftToIt() throws Exception {
    register.enter("kv", ID, guest.encode(), "a");
    try (Replicas replicas = replicas()) {
      awaitLook(replicas);
    }
    assertThat(register.id("kv")).contains(ID);
    assertThat(told).isEmpty();
  }

  @Test
  void whatAKilledUnprotectHasLeftIsTakenBackAndTheGuestStays() throws Exception {
    register.enter("kv", ID, guest.encode(), "b");
    coordination.create(ID, View.first("b"));
    keepUnreplicated();
    try (Replicas _ = replicas()) {
      awaitTold("what an attempt to protect it, or to end that, has left is taken back");
    }
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.hasEnded(ID)).isTrue();
    assertThat(here.guest("kv")).exists();
    assertThat(here.volumes().resolve("data.img")).exists();
  }

  @Test
  void guestThatABackupMayRunIsNotForgottenForOneOfItsName() throws Exception {
    register.enter("kv", ID, guest.encode(), "b");
    coordination.create(ID, new View(1, 1, "b", List.of("c")));
    keepUnreplicated();
    try (Replicas replicas = replicas()) {
      awaitLook(replicas);
    }
    assertThat(register.id("kv")).contains(ID);
    assertThat(told).singleElement().asString().contains("cannot be kept here");
  }

  /** A guest of the same name on this host, which is no member of any view. */
  private void keepUnreplicated() throws IOException {
    new ReplicaKeeper(here, network).create(guest, (file, to) -> Files.writeString(to, file));
    ReplicaSpec.delete(here, "kv");
  }
}
