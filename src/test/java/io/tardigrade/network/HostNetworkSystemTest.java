package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.linux.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real thing: this host's bridge, and namespaces for guests and for another machine. */
@Tag("system")
@Timeout(120)
class HostNetworkSystemTest {
  private static final int SERVICE = 7777;

  @TempDir Path state;
  private final Random random = new Random();
  private final String unique = "t" + Integer.toString(random.nextInt(1 << 24) | 1 << 24, 36);
  private final Installation installation = new Installation("test-" + unique);
  private final List<AutoCloseable> closing = new ArrayList<>();
  private HostNetwork network;
  private FakeGuest kv;
  private FakeGuest web;

  /** Another machine on the host's network, which knows nothing of the guests' subnet. */
  private Namespace elsewhere;

  private String hostAddress;
  private String elsewhereAddress;

  @BeforeEach
  void build() throws Exception {
    network = new HostNetwork(installation, state);
    network.setUp();
    kv = keep(new FakeGuest(network, "kv", unique + "-1"));
    web = keep(new FakeGuest(network, "web", unique + "-2"));
    elsewhere = keep(new Namespace(unique + "-3"));
    String net = "198.18." + random.nextInt(256) + ".";
    hostAddress = net + "1";
    elsewhereAddress = net + "2";
    Command.run(
        "ip",
        "link",
        "add",
        unique + "-h",
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        elsewhere.name);
    Command.run("ip", "addr", "add", hostAddress + "/30", "dev", unique + "-h");
    Command.run("ip", "link", "set", "dev", unique + "-h", "up");
    elsewhere.ip("addr add " + elsewhereAddress + "/30 dev eth0");
    elsewhere.ip("link set dev eth0 up");
    for (Namespace machine : List.of(kv.namespace, web.namespace, elsewhere)) {
      serveTcp(machine);
      serveUdp(machine);
    }
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    // A namespace's devices go some time after it, this one's other end with them.
    Links.delete(unique + "-h");
    for (AutoCloseable resource : closing.reversed()) {
      resource.close();
    }
    network.tearDown();
    network.tearDown();
    assertThat(kv.failure.get()).isNull();
    assertThat(web.failure.get()).isNull();
    assertThat(Links.list())
        .noneMatch(l ->
            l.name().startsWith(installation.tapPrefix())
                || l.name().equals(installation.bridge())
                || l.name().startsWith(unique));
    assertThat(Command.run("nft", "list", "tables")).doesNotContain(installation.table());
    assertThat(Command.run("ip", "netns", "list")).doesNotContain(unique);
    try (var files = Files.list(state)) {
      assertThat(files).isEmpty();
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    closing.add(resource);
    return resource;
  }

  @Test
  void guestsReachEachOtherTheHostAndTheWorldAndAreReached() throws Exception {
    assertThat(here(() -> greeting(kv.place.address().toString(), SERVICE)))
        .as("inbound from the host")
        .isEqualTo(kv.place.gateway().toString());
    assertThat(web.namespace.in(() -> greeting(kv.place.address().toString(), SERVICE)))
        .as("guest to guest, not translated")
        .isEqualTo(web.place.address().toString());
    assertThat(kv.namespace.in(() -> greeting(elsewhereAddress, SERVICE)))
        .as("outbound takes the host's address")
        .isEqualTo(hostAddress);
    assertThat(kv.namespace.in(() -> udp(elsewhereAddress, SERVICE))).isEqualTo(hostAddress);
  }

  @Test
  void publishedPortIsReachedFromEverywhere() throws Exception {
    int port = freePort();
    network.publish("kv", forwards(port + ":" + SERVICE, port + ":" + SERVICE + "/udp"));
    assertThat(network.published("kv")).hasSize(2);
    assertThat(greeting("127.0.0.1", port)).isEqualTo(kv.place.gateway().toString());
    assertThat(greeting(hostAddress, port)).isEqualTo(hostAddress);
    assertThat(udp("127.0.0.1", port)).isEqualTo(kv.place.gateway().toString());
    assertThat(elsewhere.in(() -> greeting(hostAddress, port)))
        .as("a client keeps its address")
        .isEqualTo(elsewhereAddress);
    assertThat(elsewhere.in(() -> udp(hostAddress, port))).isEqualTo(elsewhereAddress);
    for (FakeGuest guest : List.of(kv, web)) {
      assertThat(guest.namespace.in(() -> greeting(hostAddress, port)))
          .as("from a guest, itself included")
          .isEqualTo(kv.place.gateway().toString());
      assertThat(guest.namespace.in(() -> greeting(kv.place.gateway().toString(), port)))
          .isEqualTo(kv.place.gateway().toString());
    }
    network.publish("kv", List.of());
    assertThatThrownBy(() -> greeting("127.0.0.1", port)).isInstanceOf(IOException.class);
  }

  @Test
  void portOfOneAddressIsPublishedThereOnly() throws Exception {
    int port = freePort();
    network.publish("web", forwards("127.0.0.1:" + port + ":" + SERVICE));
    assertThat(greeting("127.0.0.1", port)).isEqualTo(web.place.gateway().toString());
    assertThatThrownBy(() -> elsewhere.in(() -> greeting(hostAddress, port)))
        .hasRootCauseInstanceOf(IOException.class);
    network.publish("kv", forwards(hostAddress + ":" + port + ":" + SERVICE));
    assertThat(elsewhere.in(() -> greeting(hostAddress, port))).isEqualTo(elsewhereAddress);
    assertThatThrownBy(() -> network.publish("kv", forwards("203.0.113.9:1:1")))
        .hasMessageContaining("203.0.113.9 is no address of this host");
  }

  @Test
  void connectionOutlivesRestartsSetUpsAndOthersChanges() throws Exception {
    int port = freePort();
    network.publish("kv", forwards(port + ":" + SERVICE));
    try (Socket socket = connect("127.0.0.1", port)) {
      BufferedReader in = reader(socket);
      in.readLine();
      String table = rules();
      network.setUp();
      assertThat(rules()).as("what is right is left alone").isEqualTo(table);
      echo(socket, in, "after set-up");
      network.publish("web", forwards(freePort() + ":1"));
      web.close();
      closing.remove(web);
      network.release("web");
      echo(socket, in, "after another guest came and went");
      for (long awayMillis : new long[] {0, 50, 1500}) {
        kv.restartGuardian(awayMillis);
        long start = System.nanoTime();
        echo(socket, in, "after a restart of the guardian");
        System.out.printf(
            "guardian away %d ms, echo after %.1f ms%n",
            awayMillis, (System.nanoTime() - start) / 1e6);
      }
      Command.run("nft", "delete", "table", "ip", installation.table());
      network.setUp();
      assertThat(rules()).contains("comment \"kv\"");
      echo(socket, in, "after the firewall was flushed");
      assertThat(greeting("127.0.0.1", port)).isEqualTo(kv.place.gateway().toString());
    }
  }

  @Test
  void setUpRepairsWhatOthersBroke() throws Exception {
    int port = freePort();
    network.publish("kv", forwards(port + ":" + SERVICE));
    Command.run("ip", "link", "delete", installation.bridge());
    Command.run("nft", "flush", "chain", "ip", installation.table(), "publish");
    network.setUp();
    assertThat(greeting("127.0.0.1", port)).isEqualTo(kv.place.gateway().toString());
    assertThat(kv.namespace.in(() -> greeting(elsewhereAddress, SERVICE))).isEqualTo(hostAddress);
    assertThat(new HostNetwork(installation, state).place("kv")).isEqualTo(kv.place);
  }

  @Test
  void takenPortIsRefusedAndNothingChanges() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      int port = taken.getLocalPort();
      int other = freePort();
      assertThatThrownBy(() -> network.publish("kv", forwards(other + ":1", port + ":1")))
          .hasMessageContaining(
              "cannot publish port " + port + "/tcp: it is in use by java (process")
          .hasMessageContaining("listening at *:" + port);
      assertThat(network.published("kv")).isEmpty();
      network.publish("kv", forwards(other + ":" + SERVICE));
      assertThatThrownBy(() -> network.publish("web", forwards(other + ":1")))
          .hasMessageContaining("guest 'kv' has published it");
      network.publish("kv", forwards(other + ":" + SERVICE));
    }
  }

  @Test
  void guestDoesNotReachTheHostsLoopback() throws Exception {
    try (DatagramSocket secret = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
      secret.setSoTimeout(700);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment frame = datagram(arena, secret.getLocalPort());
        kv.send(frame);
      }
      assertThatThrownBy(() -> secret.receive(new DatagramPacket(new byte[9], 9)))
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  /** A datagram from the guest to 127.0.0.1 of the host, sent to the bridge's hardware address. */
  private MemorySegment datagram(Arena arena, int port) {
    java.nio.ByteBuffer b = java.nio.ByteBuffer.allocate(60);
    put(b, kv.place.gateway().mac().bits());
    put(b, kv.place.mac().bits());
    b.putShort((short) 0x0800);
    b.putInt(0x45000020).putInt(0).putInt(0x40110000);
    b.putInt(kv.place.address().bits()).putInt(0x7f000001);
    b.putShort((short) 1000).putShort((short) port).putShort((short) 12).putShort((short) 0);
    MemorySegment frame = arena.allocate(60);
    frame.copyFrom(MemorySegment.ofArray(b.array()));
    frame.set(
        java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.BIG_ENDIAN),
        24,
        Checksum.fold(Checksum.sum(frame, 14, 20)));
    return frame;
  }

  private static void put(java.nio.ByteBuffer b, long mac) {
    b.putShort((short) (mac >>> 32)).putInt((int) mac);
  }

  @Test
  void leftoversOfACrashAreRemoved() throws Exception {
    String stray = installation.tap(Ipv4.parse("10.0.0.200"));
    Tap.open(stray, kv.place.mac()).close();
    assertThat(Links.find(stray)).isPresent();
    for (FakeGuest guest : List.of(kv, web)) {
      guest.close();
      closing.remove(guest);
    }
    Files.delete(state.resolve("network.json"));
    network.tearDown();
    assertThat(Links.find(stray)).isEmpty();
    assertThat(Links.find(installation.bridge())).isEmpty();
  }

  @Test
  void foreignDeviceIsNotTaken() throws Exception {
    Installation other = new Installation("other-" + unique);
    Command.run("ip", "link", "add", other.bridge(), "type", "bridge");
    Command.run("ip", "link", "set", other.bridge(), "alias", "somebody's");
    try {
      HostNetwork refused = new HostNetwork(other, Files.createDirectory(state.resolve("o")));
      assertThatThrownBy(refused::setUp).hasMessageContaining("is not this installation's");
      assertThatThrownBy(refused::tearDown).hasMessageContaining("is not this installation's");
      assertThat(Links.find(other.bridge())).isPresent();
    } finally {
      Command.run("ip", "link", "delete", other.bridge());
      Files.deleteIfExists(state.resolve("o/network.json"));
      Files.delete(state.resolve("o"));
    }
    assertThat(Command.run("nft", "list", "tables")).doesNotContain(other.table());
  }

  @Test
  void guestDoesNotHearItsOwnBroadcasts() throws Exception {
    kv.namespace.ip("neigh flush all");
    long before = kv.broadcastsSent.get();
    kv.namespace.in(() -> greeting(web.place.address().toString(), SERVICE));
    assertThat(kv.broadcastsSent.get()).as("it asked who has the address").isGreaterThan(before);
    assertThat(kv.broadcastsHeard.get()).isZero();
  }

  @Test
  void hostThatDropsForwardedPacketsIsOpenedOrTold() throws Exception {
    Installation other = new Installation("fw-" + unique);
    HostNetwork behind = new HostNetwork(other, Files.createDirectory(state.resolve("o")));
    elsewhere.in(() -> {
      Command.run(
          List.of("nft", "-f", "-"),
          "table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop;\n}\n}\n",
          Duration.ofSeconds(5));
      behind.setUp();
      String rules = Command.run("nft", "list", "chain", "ip", "filter", "FORWARD");
      boolean opened = rules.contains(other.bridge());
      assertThat(behind.obstacles().isEmpty()).as(rules).isEqualTo(opened);
      if (!opened) {
        assertThat(behind.obstacles()).containsExactly("ip filter FORWARD");
      }
      behind.tearDown();
      return Command.run("nft", "list", "ruleset");
    });
    assertThat(elsewhere.in(() -> Command.run("nft", "list", "ruleset")))
        .contains("FORWARD")
        .doesNotContain(other.bridge());
    Files.delete(state.resolve("o"));
  }

  @Test
  void tapHeldByAnotherSaysSo() {
    assertThatThrownBy(() -> Tap.open(kv.place.tap(), kv.place.mac()))
        .hasMessage("cannot open TAP device " + kv.place.tap() + ": it is held by another process");
    assertThatThrownBy(() -> Tap.open(installation.bridge(), kv.place.mac()))
        .hasMessageContaining("no TAP device");
    assertThatThrownBy(() -> Tap.open("a-name-much-too-long", kv.place.mac()))
        .hasMessageContaining("1 to 15");
  }

  private String rules() throws IOException {
    return Command.run("nft", "-a", "list", "table", "ip", installation.table());
  }

  private static List<PortForward> forwards(String... texts) {
    return List.of(texts).stream().map(PortForward::parse).toList();
  }

  private static <T> T here(Callable<T> task) throws Exception {
    return task.call();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Tells every client the address it seems to come from, then sends back its lines. */
  private void serveTcp(Namespace machine) throws Exception {
    ServerSocket server = keep(machine.in(() -> new ServerSocket(SERVICE)));
    daemon(() -> {
      while (true) {
        Socket client = server.accept();
        daemon(() -> {
          try (client) {
            say(client, client.getInetAddress().getHostAddress());
            BufferedReader in = reader(client);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
              say(client, line);
            }
          }
          return null;
        });
      }
    });
  }

  private void serveUdp(Namespace machine) throws Exception {
    DatagramSocket server = keep(machine.in(() -> new DatagramSocket(SERVICE)));
    daemon(() -> {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        server.receive(packet);
        byte[] answer = packet.getAddress().getHostAddress().getBytes(StandardCharsets.US_ASCII);
        server.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    });
  }

  private static void daemon(Callable<?> task) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            task.call();
          } catch (Exception closed) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static Socket connect(String address, int port) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(address, port), 3000);
    socket.setSoTimeout(8000);
    return socket;
  }

  private static String greeting(String address, int port) throws IOException {
    try (Socket socket = connect(address, port)) {
      BufferedReader in = reader(socket);
      String seen = in.readLine();
      echo(socket, in, "hello");
      return String.valueOf(seen);
    }
  }

  private static String udp(String address, int port) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(3000);
      socket.send(new DatagramPacket(new byte[5], 5, new InetSocketAddress(address, port)));
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      socket.receive(answer);
      return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
    }
  }

  private static BufferedReader reader(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
  }

  private static void say(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static void echo(Socket socket, BufferedReader in, String line) throws IOException {
    say(socket, line);
    assertThat(in.readLine()).isEqualTo(line);
  }
}
