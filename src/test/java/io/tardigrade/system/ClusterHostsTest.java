package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Hosts of a cluster on one machine, an agent and a loopback address each. */
@Tag("system")
@Tag("aside")
class ClusterHostsTest {
  private static final Duration SOON = Duration.ofSeconds(120);

  private Path folder;
  private final List<ClusterMachine> machines = new ArrayList<>();

  @BeforeEach
  void begin() throws IOException {
    folder = Files.createTempDirectory(Path.of("/tmp"), "tg-");
  }

  @AfterEach
  void end() throws IOException {
    Path logs = Files.createDirectories(Path.of("target", "system-logs"));
    for (ClusterMachine machine : machines) {
      machine.kill();
      Files.writeString(logs.resolve("cluster-" + machine.name + ".log"), machine.log());
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private ClusterMachine machine(String name) {
    int third = (int) (ProcessHandle.current().pid() % 250) + 1;
    ClusterMachine machine =
        new ClusterMachine(folder, name, "127.6." + third + "." + (machines.size() + 1));
    machines.add(machine);
    return machine;
  }

  private static void awaitHosts(ClusterMachine on, Map<String, String> wanted) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(on.hosts()).isEqualTo(wanted));
  }

  private static void refused(ClusterMachine.Result result, int code, String why) {
    assertThat(result.code()).as("%s", result).isEqualTo(code);
    assertThat(result.complaint()).contains(why);
    assertThat(result.err().lines()).hasSize(1);
  }

  @Test
  void whatMakesNoSenseIsRefusedInOneLineAndStrangersGetNothing() throws Exception {
    ClusterMachine a = machine("a");
    refused(a.cli("host", "init", "--name", "a", "--address", "198.51.100.7"), 5, "--address");
    refused(a.cli("host", "init", "--name", "A!", "--address", a.address), 2, "host name");
    a.init("east").succeeded();
    refused(a.init("east"), 5, "of a cluster already");
    ClusterMachine b = machine("b");
    String token = a.token();
    refused(b.cli("host", "join", "tdg-x", "--name", "b", "--address", b.address), 2, "no token");
    refused(b.cli("host", "join", token, "--name", "a", "--address", b.address), 5, "called 'a'");
    refused(
        b.cli("host", "join", token, "--name", "b", "--address", b.address, "--role", "witness"),
        5,
        "role full");
    b.join(token, "west").succeeded();
    ClusterMachine c = machine("c");
    String open = a.token();
    refused(c.join(token, ""), 5, "used already, by b");
    String over = a.token("--valid", "1s");
    Thread.sleep(1_500);
    refused(c.join(over, ""), 5, "was good until");
    assertThat(c.paths.cluster()).doesNotExist();
    refused(a.cli("host", "remove", "nobody", "-y"), 4, "no host 'nobody'");
    refused(a.cli("host", "remove", "-y", "w!"), 2, "host name");
    awaitHosts(b, Map.of("a", "READY*", "b", "READY"));

    commandsComeFromOutside(a, c);

    Strangers strangers = new Strangers(a.address, 7420);
    strangers.garbage(5);
    strangers.withoutCertificate(7420, 7421);
    c.init("").succeeded();
    strangers.withCertificateOf(c.paths.cluster(), 7420, 7421);
    Path kept = folder.resolve("kept");
    Strangers.copyKeys(b.paths.cluster(), kept);
    strangers.isLetIn(kept);
    a.cli("host", "remove", "b", "-y").succeeded();
    await().atMost(SOON).until(() -> !Files.exists(b.paths.cluster()));
    strangers.withCertificateOf(kept, 7420, 7421);
    refused(c.join(open, ""), 5, "of a cluster already");
    awaitHosts(a, Map.of("a", "READY*"));
  }

  /** From a machine that is no host; {@code stranger} is of no cluster. */
  private void commandsComeFromOutside(ClusterMachine a, ClusterMachine stranger) {
    ClusterMachine o = machine("o");
    refused(o.cli("--host", a.address, "list"), 5, "'tardigrade host login TOKEN' gets one");
    refused(o.cli("host", "login", a.token(), "--name", "o"), 5, "'tardigrade host join' takes it");
    String token = a.token("--role", "client");
    refused(stranger.join(token, ""), 5, "'tardigrade host login' takes it");
    assertThat(o.cli("host", "login", token, "--name", "o").succeeded().out())
        .contains(a.address + ":7420\n");
    refused(stranger.cli("host", "login", token, "--name", "c"), 5, "used already, by o");
    refused(o.cli("host", "login", token, "--name", "o"), 5, "has a certificate of a cluster");
    assertThat(o.cli("--host", a.address, "host", "list", "-o", "name").succeeded().out())
        .isEqualTo("a\nb\n");
    assertThat(o.cli("--host", a.address + ":7420", "list").succeeded().err()).isEmpty();
    refused(o.cli("--host", a.address, "show", "kv"), 4, "kv");
    refused(o.cli("--host", a.address, "volume", "list"), 2, "without --host");
    refused(o.cli("--host", "a:b:c", "list"), 2, "expected ADDRESS");
    refused(o.cli("--host", a.address + ":7419", "list"), 7, "no agent of the cluster answers");
  }

  @Test
  void thirdHostMakesThreeServersWhichKeepWhatIsStoredAndGoOnWithoutOne() throws Exception {
    ClusterMachine a = machine("a");
    assertThat(a.init("east").succeeded().out()).isEqualTo("a\n");
    awaitHosts(a, Map.of("a", "READY*"));
    ClusterMachine b = machine("b");
    b.join(a.token(), "west").succeeded();
    awaitHosts(b, Map.of("a", "READY*", "b", "READY"));
    ClusterMachine w = machine("w");
    w.join(b.token("--role", "witness"), "").succeeded();
    assertThat(w.paths.cluster().resolve("authority.key")).doesNotExist();
    assertThat(b.paths.cluster().resolve("authority.key")).exists();
    Map<String, String> three = Map.of("a", "READY*", "b", "READY*", "w", "READY*");
    awaitHosts(a, three);
    awaitHosts(b, three);
    awaitHosts(w, three);
    await().atMost(SOON).until(() -> w.servers().split(",").length == 3);

    a.kill();
    awaitHosts(b, Map.of("a", "AWAY*", "b", "READY*", "w", "READY*"));
    a.startAgent();
    awaitHosts(a, three);

    b.killAgent();
    b.startAgent();
    awaitHosts(b, three);

    assertThat(a.cli("host", "remove", "b", "-y").succeeded().out()).isEmpty();
    awaitHosts(a, Map.of("a", "READY*", "w", "READY"));
    await().atMost(SOON).until(() -> !Files.exists(b.paths.cluster()));
    await().atMost(SOON).until(() -> w.servers().split(",").length == 1);
    awaitHosts(w, Map.of("a", "READY*", "w", "READY"));
  }
}
