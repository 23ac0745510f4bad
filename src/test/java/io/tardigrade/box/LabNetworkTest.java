package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.lab.LabSpec;
import io.tardigrade.linux.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A client on this machine and something that lives on while its host does not. A guest does that
 * by being resumed; here it is a namespace of this machine whose only way to others leads, by a
 * tunnel, over the bridge and the firewall of the lab host.
 */
@Tag("box")
class LabNetworkTest {
  private static final Duration SHORT = Duration.ofMinutes(2);
  private static final int PORT = 7000;
  private static final long SPOKEN_AFTER = 25;

  private final String namespace = "tglab" + ProcessHandle.current().pid();
  private final String cable = "tgl" + ProcessHandle.current().pid() % 100_000;
  private HostBox box;
  private Process server;

  @BeforeEach
  void boot() throws IOException {
    box = HostBox.start(HostBox.OPTIONS);
  }

  @AfterEach
  void end() throws IOException {
    if (server != null) {
      server.destroyForcibly();
    }
    var _ = Command.attempt("ip", "netns", "delete", namespace);
    var _ = Command.attempt("ip", "link", "delete", "dev", cable);
    box.close();
  }

  @Test
  @Tag("long")
  void connectionToTheInsideGoesOnThroughAPanic() throws Exception {
    LabSpec spec = box.host().spec();
    String tunnel = spec.address().replaceAll("[0-9]+$", "200");
    String[] place = placeGuest(tunnel);
    assertThat(place[0]).startsWith(spec.guestNetwork().replaceAll("0/24$", ""));
    makeNamespace(tunnel, place[0], place[1]);
    startServer();
    try (Socket client = new Socket(place[0], PORT)) {
      client.setSoTimeout(60_000);
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
      assertThat(client.getLocalAddress().getHostAddress()).isEqualTo(spec.gateway());
      long counted = ask(client, in, "before", 0);

      // Both sides have something to say while the host is away, and say it again and again.
      panicAndSay(client, "meanwhile");
      String[] again = placeGuest(tunnel);

      assertThat(again).isEqualTo(place);
      counted = awaitEcho(in, "meanwhile", counted);
      counted = ask(client, in, "after", counted);
      assertThat(counted).as("numbers told, none missing").isGreaterThan(SPOKEN_AFTER);
    }
  }

  /** Says it once the kernel has panicked, which nobody can hear before the next one runs. */
  private void panicAndSay(Socket client, String word) throws Exception {
    int before = panics();
    CompletableFuture<Void> panic = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            box.host().panic();
            panic.complete(null);
          } catch (IOException e) {
            panic.completeExceptionally(e);
          }
        });
    await("panic").atMost(SHORT).until(() -> panics() > before || panic.isDone());
    assertThat(panic).as("the next system is not there yet").isNotDone();
    say(client, word);
    panic.get();
  }

  private int panics() throws IOException {
    return box.console().split("Kernel panic", -1).length - 1;
  }

  /** The host's side of the tunnel, on the bridge as a guest's cable would be. */
  private String[] placeGuest(String tunnel) throws IOException {
    String script =
        """
        set -e
        place=$(java --enable-native-access=ALL-UNNAMED io.tardigrade.box.GuestPlace guest)
        ip link add vx0 type vxlan id 7 dstport 4789 remote %s local %s dev eth0
        ip link set vx0 mtu 1400 master ${place##* } up
        echo $place
        """
            .formatted(tunnel, box.host().spec().address());
    return box.run(script, SHORT).orThrow().text().split(" ");
  }

  private void makeNamespace(String tunnel, String address, String gateway) throws IOException {
    LabSpec spec = box.host().spec();
    ip("netns add " + namespace);
    ip("link add " + cable + " type veth peer name eth0 netns " + namespace);
    ip("link set " + cable + " master " + bridge() + " up");
    for (String command :
        List.of(
            "link set lo up",
            "link set eth0 up",
            "address add " + tunnel + "/32 dev eth0",
            "route add " + spec.address() + "/32 dev eth0",
            "link add vx0 type vxlan id 7 dstport 4789 remote %s local %s dev eth0"
                .formatted(spec.address(), tunnel),
            "link set vx0 mtu 1400 up",
            "address add " + address + "/24 dev vx0",
            "route add default via " + gateway)) {
      ip("-n " + namespace + " " + command);
    }
  }

  private String bridge() throws IOException {
    String route = Command.run("ip", "-o", "route", "get", box.host().spec().address());
    return route.replaceAll("(?s).* dev (\\S+).*", "$1");
  }

  private static void ip(String arguments) throws IOException {
    var _ = Command.run(("ip " + arguments).split(" "));
  }

  private void startServer() throws IOException {
    server =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                namespace,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                "target/test-classes",
                TalkingServer.class.getName(),
                Integer.toString(PORT))
            .redirectErrorStream(true)
            .start();
    assertThat(server.inputReader().readLine()).isEqualTo("ready");
  }

  private static long ask(Socket client, BufferedReader in, String word, long counted)
      throws IOException {
    say(client, word);
    return awaitEcho(in, word, counted);
  }

  private static void say(Socket client, String word) throws IOException {
    OutputStream out = client.getOutputStream();
    out.write((word + "\n").getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  /** Reads up to the echo of {@code word}; the numbers between must follow {@code counted}. */
  private static long awaitEcho(BufferedReader in, String word, long counted) throws IOException {
    long last = counted;
    boolean heard = false;
    while (!heard || last == counted) {
      String line = in.readLine();
      assertThat(line).as("the connection is open").isNotNull();
      if (line.equals(word)) {
        heard = true;
      } else {
        assertThat(line).isEqualTo("count " + ++last);
      }
    }
    return last;
  }
}
