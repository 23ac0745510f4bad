package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.ZooKeeperProcess;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.process.Program;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let into a cluster, whose register is in a real ZooKeeper. */
@Tag("system")
@Tag("aside")
class AdmissionTest {
  private static final Duration VALID = Duration.ofMinutes(10);

  @TempDir Path folder;
  private ZooKeeperProcess server;
  private Coordination coordination;
  private Registry registry;
  private Admission admission;
  private Instant now = Instant.parse("2026-11-23T12:00:00Z");

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(Files.createDirectory(folder.resolve("zookeeper")));
    coordination = new Coordination(server.address(), line -> {});
    assertThat(coordination.await(20_000)).isTrue();
    registry = new Registry(coordination.client());
    HostPaths paths =
        new HostPaths(folder.resolve("s"), folder.resolve("r"), folder.resolve("i"), "abc");
    ClusterConfig config =
        new Joining(paths)
            .found(new Joining.Own("a", "", "127.0.0.1", freePort(), null), "10.117.0.0/16");
    registry.add(KnownHost.of(config, "1"));
    InstantSource clock = () -> now;
    admission = new Admission(paths, config, registry, clock);
  }

  /** The first of some that are free, most likely. */
  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Math.min(socket.getLocalPort(), 60_000);
    }
  }

  @AfterEach
  void end() {
    coordination.close();
    server.close();
  }

  private static JoinMessages.Request request(String token, String name, String version)
      throws Exception {
    return new JoinMessages.Request(
        JoinMessages.PROTOCOL,
        version,
        Token.parse(token).secret(),
        name,
        "",
        "10.9.0." + (10 + name.hashCode() % 100),
        7420,
        null,
        Authority.request(Authority.newKey(), name));
  }

  @Test
  void machineOfAnotherVersionIsToldWhichOneAndItsTokenStaysGood() throws Exception {
    String token = admission.token(ClusterConfig.FULL, VALID);
    JoinMessages.Answer answer = admission.answer(request(token, "b", "0.0.1"));
    assertThat(answer.refused())
        .isEqualTo(
            "this machine has Tardigrade 0.0.1, the cluster "
                + Program.version()
                + "; install that version, then join");
    assertThat(answer.certificate()).isNull();
    assertThat(answer.authorityKey()).isNull();
    assertThat(registry.hosts()).extracting(KnownHost::name).containsExactly("a");
    assertThat(admission.answer(request(token, "b", Program.version())).refused()).isNull();
    assertThat(registry.hosts()).extracting(KnownHost::name).containsExactly("a", "b");
  }

  @Test
  void ofManyWhoUseATokenAtOnceOneIsLetIn() throws Exception {
    String token = admission.token(ClusterConfig.WITNESS, VALID);
    List<Callable<JoinMessages.Answer>> tries =
        IntStream.range(0, 8)
            .<Callable<JoinMessages.Answer>>mapToObj(
                i -> () -> admission.answer(request(token, "h" + i, Program.version())))
            .toList();
    int letIn = 0;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<JoinMessages.Answer> each : threads.invokeAll(tries)) {
        JoinMessages.Answer answer = each.get();
        String refused = answer.refused();
        if (refused == null) {
          letIn++;
          assertThat(answer.authorityKey()).as("a witness lets nobody in").isNull();
        } else {
          assertThat(refused).contains("used already, by h");
        }
      }
    }
    assertThat(letIn).isEqualTo(1);
    assertThat(registry.hosts()).hasSize(2);
  }

  @Test
  void tokenIsGoodForItsTimeAndItsRoleOnly() throws Exception {
    String token = admission.token(ClusterConfig.WITNESS, VALID);
    assertThat(admission.expectsAnybody()).isTrue();
    JoinMessages.Request full = request(token, "b", Program.version());
    JoinMessages.Request asFull =
        new JoinMessages.Request(
            full.protocol(),
            full.version(),
            full.secret(),
            full.name(),
            full.zone(),
            full.address(),
            full.port(),
            ClusterConfig.FULL,
            full.request());
    assertThat(admission.answer(asFull).refused()).contains("is for a host of role witness");
    now = now.plus(VALID).plusSeconds(1);
    assertThat(admission.expectsAnybody()).isFalse();
    assertThat(admission.answer(full).refused()).contains("was good until");
    assertThatThrownBy(() -> admission.token("observer", VALID)).hasMessageContaining("role");
    assertThat(registry.hosts()).hasSize(1);
  }

  @Test
  void hostThatKeepsReplicasIsKnownToKeepThem() throws Exception {
    var guests = coordination.guestRegister();
    guests.enter("kv", "kv-00000001", "{}", "a");
    guests.assign("kv-00000001", "b");
    assertThat(registry.replicas("b")).containsExactly("kv-00000001");
    guests.forget("kv", "kv-00000001");
    assertThat(registry.replicas("b")).isEmpty();
  }

  @Test
  void moreTokensThanMakeSenseAreRefused() throws Exception {
    for (int i = 0; i < 100; i++) {
      admission.token(ClusterConfig.FULL, VALID);
    }
    assertThatThrownBy(() -> admission.token(ClusterConfig.FULL, VALID))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("100 tokens");
    now = now.plus(Duration.ofDays(2));
    assertThat(admission.token(ClusterConfig.FULL, VALID)).startsWith("tdg-");
  }
}
