package io.tardigrade.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.WireFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real sockets and certificates, with a bad wire between. */
@Tag("system")
class LinksTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String GUEST = "kv-1";

  private record Heard(String guest, String from, Message message) {}

  private final List<Heard> heard = new CopyOnWriteArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private TestAuthority authority;
  private LinkListener listener;
  private BadWire wire;
  private volatile String refused = "";

  @BeforeEach
  void begin() throws Exception {
    authority = new TestAuthority("cluster");
    Inbox inbox =
        new Inbox() {
          @Override
          public boolean admits(String host, String guest) {
            return !host.equals(refused);
          }

          @Override
          public void take(String guest, String from, Message message) {
            heard.add(new Heard(guest, from, message));
          }
        };
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    listener = keep(new LinkListener(any, authority.host("b"), inbox, said::add));
    wire = keep(new BadWire(listener.port()));
  }

  private <T extends AutoCloseable> T keep(T what) {
    open.addFirst(what);
    return what;
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable what : open) {
      what.close();
    }
  }

  /** Links of who has these keys, to host b over the wire. */
  private GuestLinks links(ClusterTls tls) {
    return keep(
        new GuestLinks(GUEST, tls, host -> host.equals("b") ? wire.address() : null, said::add));
  }

  private GuestLinks links() throws Exception {
    return links(authority.host("a"));
  }

  private static Part part(int number, int bytes) {
    byte[] payload = new byte[bytes];
    new Random(number).nextBytes(payload);
    EpochId id = new EpochId(1, number);
    return new Part(1, 1, id, id, id, 0, 1, ByteBuffer.wrap(payload));
  }

  private List<Message> messages() {
    return heard.stream().map(Heard::message).toList();
  }

  /** Says it until it is heard, as members do. */
  private void sayUntilHeard(GuestLinks links, Message message) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(25))
        .until(() -> {
          links.send("b", message);
          return messages().contains(message);
        });
  }

  @Test
  void messagesArriveWholeAndInOrderFromWhomTheCertificateProves() throws Exception {
    GuestLinks links = links();
    List<Message> sent = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      sent.add(part(i, i % 7 == 0 ? WireFormat.PAYLOAD_BYTES_MAX : 100 * i));
    }
    sent.subList(0, 15).forEach(message -> links.send("b", message));
    await().atMost(SOON).until(() -> heard.size() == 15);
    sent.subList(15, 30).forEach(message -> links.send("b", message));
    await().atMost(SOON).until(() -> heard.size() == 30);
    assertThat(messages()).isEqualTo(sent);
    assertThat(heard).allMatch(h -> h.from().equals("a") && h.guest().equals(GUEST));
    assertThat(wire.connections).hasValue(1);
  }

  @Test
  void linkThatIsCutIsMadeAgain() throws Exception {
    GuestLinks links = links();
    for (int i = 0; i < 5; i++) {
      sayUntilHeard(links, new Newer(i));
      wire.cut();
    }
    wire.refuse(true);
    wire.cut();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(25))
        .until(() -> {
          links.send("b", new Newer(100));
          return said.stream().anyMatch(line -> line.startsWith("no link"));
        });
    wire.refuse(false);
    sayUntilHeard(links, new Newer(6));
  }

  @Test
  void wireThatIsHeldUpHoldsUpNobodyAndFillsNothing() throws Exception {
    GuestLinks links = links();
    sayUntilHeard(links, new Newer(1));
    wire.hold(true);
    Part part = part(1, 256 << 10);
    long before = System.nanoTime();
    for (int i = 0; i < 1600; i++) {
      links.send("b", part);
      links.send("b", new Newer(2));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    assertThat(heard.size()).isLessThan(100);
    int connections = wire.connections.get();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(25))
        .until(() -> {
          links.send("b", new Newer(2));
          return wire.connections.get() > connections;
        });
    wire.hold(false);
    sayUntilHeard(links, new Newer(3));
  }

  @Test
  void wireThatSwallowsAllIsNoticedThoughItTakesWhatIsSent() throws Exception {
    GuestLinks links = links();
    sayUntilHeard(links, new Newer(1));
    int connections = wire.connections.get();
    wire.swallow(true);
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(25))
        .until(() -> {
          links.send("b", new Newer(2));
          return wire.connections.get() > connections;
        });
    wire.swallow(false);
    sayUntilHeard(links, new Newer(3));
  }

  @Test
  void quietLinkIsLeftAlone() throws Exception {
    GuestLinks links = links();
    sayUntilHeard(links, new Newer(1));
    int connections = wire.connections.get();
    Thread.sleep(2 * LinkSender.ANSWER_NANOS_MAX / 1_000_000);
    links.send("b", new Newer(2));
    await().atMost(SOON).until(() -> messages().contains(new Newer(2)));
    assertThat(wire.connections).hasValue(connections);
  }

  @Test
  void noBitChangedOnTheWireEverBecomesAMessage() throws Exception {
    GuestLinks links = links();
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    Part part = part(3, 20_000);
    for (int i = 0; i < 25; i++) {
      wire.corruptAfter(random.nextInt(12_000));
      wire.cut();
      Newer last = new Newer(i);
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(10))
          .until(() -> {
            links.send("b", part);
            links.send("b", last);
            return messages().contains(last);
          });
    }
    assertThat(messages()).as("seed %d", seed).allMatch(m -> m instanceof Newer || m.equals(part));
  }

  @Test
  void strangersAreToldNothingAndHeardByNobody() throws Exception {
    TestAuthority other = new TestAuthority("cluster");
    for (ClusterTls stranger :
        List.of(
            other.host("a"),
            other.host("CN=a", authority, Duration.ofDays(1)),
            authority.host("CN=a", authority, Duration.ofMinutes(-1)),
            authority.host("O=a", authority, Duration.ofDays(1)),
            authority.host("CN=a b", authority, Duration.ofDays(1)))) {
      GuestLinks links = links(stranger);
      for (int i = 0; i < 5; i++) {
        links.send("b", new Newer(i));
        Thread.sleep(60);
      }
      assertThat(heard).isEmpty();
    }
    sayUntilHeard(links(), new Newer(9));
  }

  @Test
  void nobodyElseIsTakenForTheHostThatIsMeant() throws Exception {
    GuestLinks links =
        keep(new GuestLinks(GUEST, authority.host("a"), host -> wire.address(), said::add));
    links.send("c", new Newer(1));
    await().atMost(SOON).until(() -> said.contains("no link to c: there is b"));
    assertThat(heard).isEmpty();
  }

  @Test
  void hostThatIsNotAdmittedIsNotHeard() throws Exception {
    refused = "a";
    GuestLinks links = links();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(25))
        .until(() -> {
          links.send("b", new Newer(1));
          return wire.connections.get() > 3;
        });
    assertThat(heard).isEmpty();
    refused = "";
    sayUntilHeard(links, new Newer(11));
  }

  @Test
  void olderTlsAndPlainTextAreRefused() throws Exception {
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      plain.getOutputStream().write(joined(new Hello(GUEST).encode(), bytes(new Newer(1))));
      assertThat(endOf(plain)).isTrue();
    }
    try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), listener.port());
        SSLSocket old =
            (SSLSocket)
                authority
                    .context("a")
                    .getSocketFactory()
                    .createSocket(raw, "b", listener.port(), true)) {
      old.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(old::startHandshake).isInstanceOf(IOException.class);
    }
    assertThat(heard).isEmpty();
  }

  private static boolean endOf(Socket socket) {
    try {
      socket.setSoTimeout(3 * LinkListener.STRANGER_MILLIS_MAX);
      while (socket.getInputStream().read() >= 0) {
        Thread.onSpinWait();
      }
      return true;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void strangersWhoSayNothingAreHungUpOnAndKeepNobodyOut() throws Exception {
    List<Socket> silent = new ArrayList<>();
    for (int i = 0; i < 2 * LinkListener.STRANGERS_MAX; i++) {
      silent.add(keep(new Socket(InetAddress.getLoopbackAddress(), listener.port())));
    }
    long before = System.nanoTime();
    for (Socket socket : silent) {
      assertThat(endOf(socket)).isTrue();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isLessThan(Duration.ofMillis(2 * LinkListener.STRANGER_MILLIS_MAX));
    sayUntilHeard(links(), new Newer(1));
  }

  /** A host of the cluster that sends these bytes; whether it is hung up on. */
  private boolean isRefused(byte[] bytes) throws Exception {
    try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      SSLSocket socket = authority.host("a").client(raw);
      OutputStream out = socket.getOutputStream();
      try {
        out.write(bytes);
      } catch (IOException e) {
        return true;
      }
      return endOf(socket);
    }
  }

  private static byte[] bytes(Message message) {
    ByteBuffer encoded = WireFormat.encode(message);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  private static byte[] joined(byte[] first, byte[] then) {
    return ByteBuffer.allocate(first.length + then.length).put(first).put(then).array();
  }

  @Test
  void membersBytesThatAreNoMessageEndItsStreamAndAreTold() throws Exception {
    byte[] hello = new Hello(GUEST).encode();
    byte[] newer = bytes(new Newer(1));
    byte[] version = hello.clone();
    version[4]++;
    byte[] huge = ByteBuffer.allocate(12).putInt(Integer.MAX_VALUE).array();
    byte[] wrong = newer.clone();
    wrong[16] ^= 1;
    for (byte[] bytes : List.of("GET / HTTP/1.1\r\n".getBytes("US-ASCII"), version)) {
      assertThat(isRefused(bytes)).isTrue();
    }
    assertThat(isRefused(joined(hello, huge))).isTrue();
    assertThat(isRefused(joined(hello, wrong))).isTrue();
    assertThat(heard).isEmpty();
    for (String fault :
        List.of(
            "protocol version 2, expected 1",
            "a says about kv-1 what is no message: message of 2147483647",
            "wrong checksum")) {
      await(fault).atMost(SOON).until(() -> said.stream().anyMatch(line -> line.contains(fault)));
    }
  }

  @Test
  void newerStreamOfAHostReplacesTheOneBefore() throws Exception {
    try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      SSLSocket first = authority.host("a").client(raw);
      first.getOutputStream().write(new Hello(GUEST).encode());
      first.getOutputStream().write(bytes(new Newer(1)));
      await().atMost(SOON).until(() -> heard.size() == 1);
      sayUntilHeard(links(), new Newer(2));
      assertThat(endOf(first)).isTrue();
    }
  }

  @Test
  void closedLinksLeaveNoThreadAndNoConnectionBehind() throws Exception {
    GuestLinks links = links();
    sayUntilHeard(links, new Newer(1));
    links.close();
    links.send("b", new Newer(2));
    int connections = wire.connections.get();
    Thread.sleep(300);
    assertThat(wire.connections).hasValue(connections);
    assertThat(messages()).doesNotContain(new Newer(2));
  }
}
