package io.tardigrade.netlab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.linux.Command;
import io.tardigrade.network.Namespace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real lab of three hosts, each with its agent. */
@Tag("system")
@Timeout(240)
class NamespaceLabSystemTest {
  private static final int ECHO = 7007;
  private static final int SINK = 7008;
  private static final int SILENCE_MILLIS = 300;

  @TempDir Path folder;
  private HostPaths paths;
  private NamespaceLab lab;
  private final List<AutoCloseable> closing = new ArrayList<>();

  @BeforeEach
  void build() throws Exception {
    paths = HostPaths.of(Map.of("TARDIGRADE_STATE", folder.toRealPath().toString()));
    Path cache = Path.of("target", "guest-cache").toAbsolutePath();
    if (Files.isDirectory(cache)) {
      Files.createSymbolicLink(paths.state().resolve("cache"), cache);
    }
    lab = new NamespaceLab(paths, _ -> {});
    assertThat(lab.up(3)).hasSize(3);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    for (AutoCloseable resource : closing.reversed()) {
      resource.close();
    }
    lab.down();
    assertThat(lab.down()).isEmpty();
    String prefix = Names.of(paths).prefix();
    assertThat(Command.run("ip", "netns", "list")).doesNotContain(prefix);
    assertThat(Command.run("ip", "-o", "link", "show")).doesNotContain(prefix);
    assertThat(Command.run("ps", "-eo", "args")).doesNotContain(folder.toRealPath().toString());
    assertThat(paths.run().resolve("ns")).doesNotExist();
    assertThat(paths.images().resolve("ns")).doesNotExist();
    assertThat(paths.state().resolve("namespaces")).doesNotExist();
    Files.deleteIfExists(paths.run());
    Files.deleteIfExists(paths.images());
  }

  private Namespace enter(String host) throws Exception {
    Namespace namespace = Namespace.existing(Names.of(paths).namespace(host));
    closing.add(namespace);
    return namespace;
  }

  /** Answers each datagram in a host. */
  private void echo(Namespace host) throws Exception {
    DatagramSocket socket = host.in(() -> new DatagramSocket(ECHO));
    closing.add(socket);
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            while (true) {
              DatagramPacket packet = new DatagramPacket(new byte[100], 100);
              socket.receive(packet);
              socket.send(packet);
            }
          } catch (IOException e) {
            // Closed, or its host has gone.
          }
        });
  }

  /** The fastest of some answers, in milliseconds; empty where none came. */
  private OptionalDouble ask(Namespace from, String address, int times) throws Exception {
    return from.in(() -> {
      double best = Double.MAX_VALUE;
      try (DatagramSocket socket = new DatagramSocket()) {
        socket.setSoTimeout(SILENCE_MILLIS);
        for (int i = 0; i < times; i++) {
          long begun = System.nanoTime();
          try {
            socket.send(new DatagramPacket(new byte[8], 8, InetAddress.getByName(address), ECHO));
            socket.receive(new DatagramPacket(new byte[8], 8));
            best = Math.min(best, (System.nanoTime() - begun) / 1e6);
          } catch (SocketTimeoutException e) {
            // Lost.
          }
        }
      }
      return best == Double.MAX_VALUE ? OptionalDouble.empty() : OptionalDouble.of(best);
    });
  }

  @Test
  void delayOfOneWayIsExactAndTouchesNoOther() throws Exception {
    Namespace h1 = enter("h1");
    Namespace h2 = enter("h2");
    Namespace h3 = enter("h3");
    for (Namespace host : List.of(h1, h2, h3)) {
      echo(host);
    }
    assertThat(ask(h1, address("h2"), 5).orElse(-1)).isBetween(0.0, 5.0);
    lab.link("h1", "h2", 20_000_000, 0, 0, false);
    assertThat(ask(h1, address("h2"), 10).orElse(-1)).isBetween(20.0, 25.0);
    assertThat(ask(h2, address("h1"), 10).orElse(-1)).isBetween(20.0, 25.0);
    assertThat(ask(h1, address("h3"), 5).orElse(-1)).isBetween(0.0, 5.0);
    assertThat(ask(h3, address("h2"), 5).orElse(-1)).isBetween(0.0, 5.0);
    lab.link("h1", "h2", 20_000_000, 0, 0, true);
    assertThat(ask(h1, address("h2"), 10).orElse(-1)).isBetween(40.0, 48.0);
    lab.link("h1", "h2", 0, 1_000_000, 0, false);
    assertThat(ask(h1, address("h2"), 3)).isEmpty();
    assertThat(ask(h1, address("h3"), 3)).isPresent();
    lab.heal();
    assertThat(ask(h1, address("h2"), 5).orElse(-1)).isBetween(0.0, 5.0);
  }

  @Test
  void rateOfOneWayIsKept() throws Exception {
    Namespace h1 = enter("h1");
    Namespace h2 = enter("h2");
    Namespace h3 = enter("h3");
    sink(h2);
    lab.link("h1", "h2", 0, 0, 40_000_000, false);
    assertThat(megabytesPerSecond(h1, address("h2"))).isBetween(3.0, 6.0);
    assertThat(megabytesPerSecond(h3, address("h2"))).isGreaterThan(20);
  }

  private void sink(Namespace host) throws Exception {
    ServerSocket server = host.in(() -> new ServerSocket(SINK));
    closing.add(server);
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
              byte[] chunk = new byte[1 << 16];
              long count = 0;
              for (int n = socket.getInputStream().read(chunk); n >= 0; ) {
                count += n;
                n = socket.getInputStream().read(chunk);
              }
              socket.getOutputStream().write((count + "").getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
              // Closed.
            }
          }
        });
  }

  private double megabytesPerSecond(Namespace from, String address) throws Exception {
    return from.in(() -> {
      try (Socket socket = new Socket()) {
        socket.setSendBufferSize(1 << 16);
        socket.connect(new InetSocketAddress(address, SINK), 2000);
        long begun = System.nanoTime();
        byte[] chunk = new byte[1 << 14];
        while (System.nanoTime() - begun < 2_000_000_000L) {
          socket.getOutputStream().write(chunk);
        }
        socket.shutdownOutput();
        String count =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        return Long.parseLong(count) / 1e6 / ((System.nanoTime() - begun) / 1e9);
      }
    });
  }

  @Test
  void cutsAreBetweenTwoHostsOneWayOrBothAndHeal() throws Exception {
    Namespace h1 = enter("h1");
    Namespace h2 = enter("h2");
    Namespace h3 = enter("h3");
    for (Namespace host : List.of(h1, h2, h3)) {
      echo(host);
    }
    lab.cut("h1", "h2", false);
    assertThat(ask(h1, address("h2"), 2)).isEmpty();
    assertThat(received(h2, h1)).as("one way").isTrue();
    assertThat(received(h1, h2)).isFalse();
    assertThat(ask(h1, address("h3"), 2)).isPresent();
    lab.isolate("h3");
    assertThat(ask(h1, address("h3"), 2)).isEmpty();
    assertThat(lab.troubles()).containsExactly("h3: cut off from all", "h1 -> h2: cut");
    lab.heal();
    assertThat(lab.troubles()).isEmpty();
    assertThat(ask(h1, address("h2"), 2)).isPresent();
    assertThat(ask(h3, address("h2"), 2)).isPresent();
  }

  /** Whether a datagram from one host arrives at another, whatever comes back. */
  private boolean received(Namespace from, Namespace to) throws Exception {
    DatagramSocket receiver = to.in(() -> new DatagramSocket(0));
    try (receiver) {
      receiver.setSoTimeout(SILENCE_MILLIS);
      String address = address(to.name().substring(to.name().length() - 2));
      from.in(() -> {
        try (DatagramSocket socket = new DatagramSocket()) {
          InetAddress target = InetAddress.getByName(address);
          socket.send(new DatagramPacket(new byte[1], 1, target, receiver.getLocalPort()));
        }
        return "";
      });
      receiver.receive(new DatagramPacket(new byte[1], 1));
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private String address(String host) throws IOException {
    return lab.host(host).address();
  }

  @Test
  void powerCutTellsNobodyKillsAllAndLosesRamButNotTheDisk() throws Exception {
    Namespace h1 = enter("h1");
    awaitAgent("h2");
    assertThat(lab.host("h2").namespace().processes()).isNotEmpty();
    run("h2", "setsid", "sleep", "1000");
    HostPaths h2 = HostPaths.of(lab.host("h2").environment());
    Files.writeString(h2.state().resolve("on-disk"), "kept");
    Files.createDirectories(h2.images().resolve("kv"));
    ServerSocket server;
    try (Namespace inside = Namespace.existing(Names.of(paths).namespace("h2"))) {
      server = inside.in(() -> new ServerSocket(SINK));
    }
    closing.add(server);
    String address = address("h2");
    Socket client =
        h1.in(() -> {
          Socket socket = new Socket(address, SINK);
          socket.setSoTimeout(1000);
          return socket;
        });
    closing.add(client);
    lab.kill("h2");
    assertThat(lab.host("h2").power()).isEqualTo("OFF");
    assertThatThrownBy(() -> client.getInputStream().read())
        .as("neither end nor reset of a connection is told")
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(lab.host("h2").namespace().exists()).isFalse();
    assertThat(Command.run("ps", "-eo", "args")).doesNotContain("sleep 1000");
    assertThat(h2.run()).doesNotExist();
    assertThat(h2.images()).doesNotExist();
    assertThatThrownBy(() -> run("h2", "true")).hasMessageContaining("lab start h2");
    lab.kill("h2");
    lab.start("h2");
    lab.start("h2");
    assertThat(h2.state().resolve("on-disk")).hasContent("kept");
    awaitAgent("h2");
    Namespace again = enter("h2");
    echo(again);
    assertThat(ask(h1, address, 5)).isPresent();
  }

  private void awaitAgent(String host) throws Exception {
    Path socket = HostPaths.of(lab.host(host).environment()).run().resolve("agent.sock");
    await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(socket));
  }

  private String run(String host, String... command) throws Exception {
    if (command[0].equals("setsid")) {
      List<String> words = lab.host(host).namespace().inside(List.of(command));
      new ProcessBuilder(words).start();
      return "";
    }
    return lab.host(host).run(Duration.ofSeconds(30), command);
  }

  @Test
  void pausedHostStandsStillAndGoesOn() throws Exception {
    Namespace h1 = enter("h1");
    echo(enter("h2"));
    Path ticks = folder.resolve("ticks");
    String script = "while :; do echo tick >>" + ticks + "; sleep 0.02; done";
    run("h2", "setsid", "sh", "-c", script);
    await().until(() -> Files.exists(ticks));
    lab.pause("h2");
    long before = Files.size(ticks);
    assertThat(ask(h1, address("h2"), 2)).isEmpty();
    Thread.sleep(300);
    assertThat(Files.size(ticks)).isEqualTo(before);
    assertThatThrownBy(() -> run("h2", "true"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("lab resume h2");
    lab.resume("h2");
    await().until(() -> Files.size(ticks) > before);
    assertThat(ask(h1, address("h2"), 3)).isPresent();
    lab.pause("h2");
    lab.kill("h2");
    assertThat(lab.host("h2").namespace().processes()).isEmpty();
    assertThatThrownBy(() -> lab.resume("h2")).hasMessageContaining("lab start h2");
  }

  @Test
  void programRunsInAHostWithTheHostsOwnFolders() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ByteArrayInputStream in = new ByteArrayInputStream("word".getBytes(StandardCharsets.UTF_8));
    String script = "cat; echo; tardigrade list -o json; ip -br addr show dev eth0 >&2; exit 3";
    int code = lab.host("h3").run(List.of("sh", "-c", script), in, out, err);
    assertThat(code).isEqualTo(3);
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("word\n").contains("[");
    assertThat(err.toString(StandardCharsets.UTF_8)).contains(address("h3"));
  }

  @Test
  void labIsRemovedThoughItsFolderIsLost() throws Exception {
    lab.link("h1", "h2", 1_000_000, 0, 0, true);
    Files.delete(paths.state().resolve("namespaces/namespaces.json"));
    assertThat(lab.down()).isEmpty();
    assertThat(Command.run("ip", "netns", "list")).doesNotContain(Names.of(paths).prefix());
    assertThatThrownBy(() -> lab.kill("h1")).hasMessageContaining("lab up --hosts 3");
    assertThat(lab.up(1)).hasSize(1);
    assertThatThrownBy(() -> lab.up(2)).hasMessageContaining("lab down");
  }
}
