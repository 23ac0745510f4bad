package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two hosts of a cluster as namespaces, joined by a switch; a client has a cable to it too. Every
 * machine tells its name to whoever connects.
 */
@Tag("system")
@Timeout(120)
class UplinkSystemTest {
  private static final int SERVICE = 7777;
  private static final int ANSWER_MILLIS_MAX = 1500;
  private static final Subnet NETWORK = Subnet.parse("10.117.0.0/16");

  @TempDir Path folder;
  private final String unique = "t" + Integer.toString(new Random().nextInt(1 << 24) | 1 << 24, 36);
  private final List<AutoCloseable> closing = new ArrayList<>();
  private Namespace lan;
  private Namespace client;
  private Host first;
  private Host second;

  /** A host: its namespace, and the network of the installation in it. */
  private record Host(Namespace namespace, Installation installation, HostNetwork network) {}

  @BeforeEach
  void build() throws Exception {
    lan = keep(new Namespace(unique + "-l"));
    lan.ip("link add name lan type bridge stp_state 0 forward_delay 0");
    lan.ip("link set dev lan up");
    client = keep(new Namespace(unique + "-c"));
    cable(client, "eth1");
    client.ip("addr add 10.117.255.254/16 dev eth1");
    first = host(1);
    second = host(2);
  }

  private Host host(int number) throws Exception {
    Namespace namespace = keep(new Namespace(unique + "-h" + number));
    cable(namespace, "eth1");
    Installation installation = new Installation("test-" + unique + number);
    HostNetwork network =
        HostNetwork.ofCluster(
            installation,
            Files.createDirectory(folder.resolve("h" + number)),
            new ClusterNetwork(NETWORK, number, Optional.of("eth1")));
    namespace.in(network::setUp);
    serve(namespace, "host " + number);
    return new Host(namespace, installation, network);
  }

  private void cable(Namespace machine, String device) throws Exception {
    String port = "p" + closing.size();
    lan.ip("link add name " + port + " type veth peer name " + device + " netns " + machine.name);
    lan.ip("link set dev " + port + " master lan up");
    machine.ip("link set dev " + device + " up");
  }

  private <T extends AutoCloseable> T keep(T resource) {
    closing.add(resource);
    return resource;
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    for (AutoCloseable resource : closing.reversed()) {
      resource.close();
    }
    assertThat(Command.run("ip", "netns", "list")).doesNotContain(unique);
  }

  private FakeGuest guest(Host host, String name) throws Exception {
    FakeGuest guest =
        host.namespace.in(() -> new FakeGuest(host.network, name, unique + "-" + name));
    serve(guest.namespace, name);
    return guest;
  }

  private void serve(Namespace machine, String name) throws Exception {
    ServerSocket server = machine.in(() -> new ServerSocket(SERVICE, 16));
    keep(server);
    Thread.ofVirtual()
        .start(() -> {
          while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
              String peer = socket.getInetAddress().getHostAddress();
              byte[] text = (name + " to " + peer).getBytes(StandardCharsets.US_ASCII);
              socket.getOutputStream().write(text);
            } catch (IOException e) {
              // Closed at the end of the test, or by the client.
            }
          }
        });
  }

  private static String ask(Namespace from, Ipv4 address) throws Exception {
    return from.in(() -> {
      try (Socket socket = new Socket()) {
        socket.setSoTimeout(ANSWER_MILLIS_MAX);
        InetAddress target = InetAddress.getByName(address.toString());
        socket.connect(new InetSocketAddress(target, SERVICE), ANSWER_MILLIS_MAX);
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      }
    });
  }

  @Test
  void guestsOfAllHostsAndClientsAreOnOneNetwork() throws Exception {
    FakeGuest kv = keep(guest(first, "kv"));
    FakeGuest web = keep(guest(second, "web"));
    assertThat(kv.place.address()).hasToString("10.117.1.2");
    assertThat(web.place.address()).hasToString("10.117.2.2");
    assertThat(ask(client, kv.place.address())).isEqualTo("kv to 10.117.255.254");
    assertThat(ask(client, web.place.address())).isEqualTo("web to 10.117.255.254");
    assertThat(ask(kv.namespace, web.place.address())).isEqualTo("web to 10.117.1.2");
    assertThat(ask(web.namespace, kv.place.address())).isEqualTo("kv to 10.117.2.2");
  }

  @Test
  void eachGuestFindsTheGatewayOnItsOwnHostAndNobodyElseDoes() throws Exception {
    FakeGuest kv = keep(guest(first, "kv"));
    FakeGuest web = keep(guest(second, "web"));
    for (int i = 0; i < 3; i++) {
      assertThat(ask(kv.namespace, NETWORK.gateway())).isEqualTo("host 1 to 10.117.1.2");
      assertThat(ask(web.namespace, NETWORK.gateway())).isEqualTo("host 2 to 10.117.2.2");
    }
    assertThat(ask(first.namespace, kv.place.address())).isEqualTo("kv to 10.117.0.1");
    assertThatThrownBy(() -> ask(client, NETWORK.gateway())).isInstanceOf(Exception.class);
    assertThat(Command.run("bridge", "-n", lan.name, "fdb", "show"))
        .as("hardware addresses that the switch between the hosts knows")
        .contains(kv.place.mac().toString())
        .doesNotContain(NETWORK.gateway().mac().toString());
  }

  @Test
  void announcedGuestIsReachedOnItsNewHostAtOnce() throws Exception {
    FakeGuest before = guest(first, "kv");
    HostNetwork.Place place = before.place;
    assertThat(ask(client, place.address())).isEqualTo("kv to 10.117.255.254");
    // Its host stands still: nothing is closed and nothing is given back there.
    FakeGuest after =
        keep(
            second.namespace.in(() ->
                new FakeGuest(
                    second.network, second.network.adopt("kv", place.address()), unique + "-n")));
    serve(after.namespace, "kv taken over");
    assertThat(after.place.mac()).isEqualTo(place.mac());
    before.close();
    assertThat(Announcement.send(after.outer(), place.address(), place.mac())).isTrue();
    assertThat(ask(client, place.address())).isEqualTo("kv taken over to 10.117.255.254");
    assertThatThrownBy(
            () -> second.namespace.in(() -> second.network.adopt("other", place.address())))
        .hasMessageContaining("guest 'kv' has 10.117.1.2");
  }

  @Test
  void uplinkIsGivenBackAndNoRuleStays() throws Exception {
    Namespace host = first.namespace;
    assertThat(links(host)).contains("eth1").contains("master " + first.installation.bridge());
    assertThat(tables(host)).contains("bridge " + first.installation.table());
    host.in(first.network::setUp);
    host.in(() -> {
      first.network.tearDown();
      first.network.tearDown();
      return "";
    });
    assertThat(links(host)).contains("eth1").doesNotContain("master").doesNotContain("bridge");
    assertThat(tables(host)).isBlank();
    try (var files = Files.list(folder.resolve("h1"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void hostThatJoinsWithGuestsOfItsOwnNetworkIsRefused() throws Exception {
    Namespace lonely = keep(new Namespace(unique + "-x"));
    Path state = Files.createDirectory(folder.resolve("x"));
    Installation installation = new Installation("test-" + unique + "x");
    HostNetwork alone = new HostNetwork(installation, state);
    ClusterNetwork cluster = new ClusterNetwork(NETWORK, 9, Optional.empty());
    HostNetwork joined = HostNetwork.ofCluster(installation, state, cluster);
    lonely.in(() -> {
      alone.setUp();
      return alone.place("old");
    });
    assertThatThrownBy(() -> lonely.in(joined::setUp))
        .hasMessageContaining("guests of this host (old)")
        .hasMessageContaining("delete them first");
    lonely.in(() -> {
      alone.release("old");
      return joined.setUp();
    });
    assertThat(lonely.in(() -> joined.place("new")).address()).hasToString("10.117.9.2");
    assertThat(Command.run("ip", "-n", lonely.name, "-o", "-4", "addr", "show"))
        .contains("10.117.0.1/16")
        .doesNotContain("/24");
  }

  private static String links(Namespace host) throws IOException {
    return Command.run("ip", "-n", host.name, "-d", "link", "show");
  }

  private static String tables(Namespace host) throws IOException {
    return Command.run("ip", "netns", "exec", host.name, "nft", "list", "tables");
  }
}
