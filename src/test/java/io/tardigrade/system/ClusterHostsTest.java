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
