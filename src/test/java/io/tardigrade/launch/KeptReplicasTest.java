package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.cluster.Replicas;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.coordination.ZooKeeperProcess;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
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
  private static final String ID = "kv-00000007";

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
    here = paths("here");
    HostPaths there = paths("there");
    FakeHost host = new FakeHost();
    GuestSpec spec =
        new GuestFactory(there, host, host, InstantSource.system(), _ -> {})
            .create(
                new LaunchRequest(
                    "kv",
                    128 << 20,
                    1,
                    100,
                    true,
                    false,
                    null,
                    Accelerator.TCG,
                    List.of(VolumeRequest.parse("data:/data:8M")),
                    List.of(),
                    new GuestSource.Program(List.of("/bin/true"), List.of(), Map.of(), null)));
    guest = GuestDefinition.of(there, ReplicaSpec.of("kv", 7, 2, true), spec);
  }

  private HostPaths paths(String host) {
    Path root = folder.resolve(host);
    return new HostPaths(
        root.resolve("state"), root.resolve("run"), root.resolve("images"), "abc123");
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
      try (Replicas _ = replicas()) {
        Thread.sleep(1_500);
        assertThat(register.id("kv")).contains(ID);
      }
    }
    try (Replicas _ = replicas()) {
      awaitTold("what an attempt to protect it has left is taken back");
    }
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.guests()).isEmpty();
    assertThat(here.guest("kv")).doesNotExist();
  }

  @Test
  void guestThatAnotherHostIsFoundingIsLeftToIt() throws Exception {
    register.enter("kv", ID, guest.encode(), "a");
    try (Replicas _ = replicas()) {
      Thread.sleep(1_500);
    }
    assertThat(register.id("kv")).contains(ID);
    assertThat(told).isEmpty();
  }
}
