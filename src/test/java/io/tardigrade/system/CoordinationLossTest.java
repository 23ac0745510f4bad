package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Folders;
import io.tardigrade.netlab.NamespaceHost;
import io.tardigrade.netlab.NamespaceLab;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The machine of the coordination service's leader is lost, and the server that is elected then
 * cannot be followed at once: as where its machine is busy, which opens its port too late.
 */
@Tag("long")
@Timeout(600)
class CoordinationLossTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Longer than a lost leader is noticed, another elected, and five attempts to follow it. */
  private static final int CLOSED_MILLIS = 2500;

  /**
   * From then on: an election and a command. A server that may take 10 s to join is waited for by
   * the one that it voted for where nothing else is said.
   */
  private static final double SECONDS_MAX = 8;

  @Test
  void leaderWhomNobodyFollowsIsGivenUpWithinSeconds() throws Exception {
    NativeBuild.helpers();
    Path state = Files.createTempDirectory(Path.of("/tmp"), "tg-");
    HostPaths paths = HostPaths.of(Map.of("TARDIGRADE_STATE", state.toString()));
    NamespaceLab lab = new NamespaceLab(paths, _ -> {});
    double seconds;
    try {
      var _ = lab.up(3);
      lab.makeCluster();
      for (NamespaceHost host : lab.hosts()) {
        awaitThreeServers(host);
      }
      for (String name : List.of("h2", "h3")) {
        closeToFollowers(lab.host(name));
      }
      // It has made the cluster, and led it since.
      lab.kill("h1");
      Thread.sleep(CLOSED_MILLIS);
      for (String name : List.of("h2", "h3")) {
        nft(lab.host(name), "delete", "table", "inet", "closed");
      }
      long opened = System.nanoTime();
      awaitServed(lab.host("h2"));
      seconds = (System.nanoTime() - opened) / 1e9;
    } finally {
      var _ = lab.down();
      for (Path folder : List.of(paths.run(), paths.images(), paths.state())) {
        Folders.delete(folder);
      }
    }
    System.out.printf(Locale.ROOT, "CoordinationLossTest: a token after %.1f s%n", seconds);
    assertThat(seconds).as("seconds until a token could be stored").isLessThan(SECONDS_MAX);
  }

  /** Hosts have joined before their servers have, and learn of those later still. */
  private static void awaitThreeServers(NamespaceHost host) {
    Path servers = host.paths().cluster().resolve("servers");
    Awaitility.await("three servers, as " + host.name() + " knows them")
        .atMost(PATIENCE)
        .until(() -> Files.readString(servers).split(",", -1).length == 3);
  }

  /** Its port for those that follow it takes no new connection. */
  private static void closeToFollowers(NamespaceHost host) throws IOException {
    int port = ClusterConfig.read(host.paths()).orElseThrow().port() + 2;
    nft(host, "add", "table", "inet", "closed");
    nft(host, "add chain inet closed in { type filter hook input priority 0; }");
    nft(
        host,
        "add rule inet closed in tcp dport %d tcp flags & (syn | ack) == syn reject with tcp reset"
            .formatted(port));
  }

  private static void nft(NamespaceHost host, String... words) throws IOException {
    var _ = host.run(PATIENCE, "nft", String.join(" ", words));
  }

  /** Until a host can have something stored. */
  private static void awaitServed(NamespaceHost host) {
    Awaitility.await("a token is stored by way of " + host.name())
        .atMost(PATIENCE)
        .pollInterval(50, TimeUnit.MILLISECONDS)
        .until(() ->
            host.run(
                    List.of("tardigrade", "host", "token"),
                    new ByteArrayInputStream(new byte[0]),
                    OutputStream.nullOutputStream(),
                    OutputStream.nullOutputStream())
                == 0);
  }
}
