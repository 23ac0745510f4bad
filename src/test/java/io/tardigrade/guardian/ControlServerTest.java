package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ControlServerTest {
  @TempDir Path dir;
  private HostPaths paths;
  private Console console;
  private ControlServer server;
  private final AtomicLong stopMillis = new AtomicLong(-1);
  private final AtomicLong resets = new AtomicLong();
  private volatile String typed = "";

  @BeforeEach
  void open() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", dir.resolve("s").toString(), "TARDIGRADE_RUN", dir.toString()));
    Files.createDirectories(paths.guestRun("kv"));
    console = new Console(dir.resolve("console.log"));
    server = new ControlServer(socket(), new Guest(), console);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    console.close();
  }

  private Path socket() {
    return paths.guestRun("kv").resolve("guardian.sock");
  }

  private final class Guest implements ControlServer.Requests {
    @Override
    public GuestStatus status() {
      return StatusReport.of(
          TestGuest.spec(),
          GuestStatus.State.RUNNING,
          null,
          null,
          true,
          new Statistics(7).report("compare", 3),
          new GuestStatus.Recoveries(2, "hypervisor died", 0.02, "i-1"));
    }

    @Override
    public void stop(long timeoutMillis) {
      stopMillis.set(timeoutMillis);
    }

    @Override
    public void freeze() throws IOException {
      throw new IOException("it is not protected");
    }

    @Override
    public long turnNanosAgo() {
      return 1234;
    }

    @Override
    public void resetStatistics() {
      resets.incrementAndGet();
    }

    @Override
    public void type(ByteBuffer bytes) {
      typed = typed + StandardCharsets.UTF_8.decode(bytes);
    }
  }

  private String ask(byte[] request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
      channel.write(ByteBuffer.wrap(request));
      channel.shutdownOutput();
      ByteBuffer answer = ByteBuffer.allocate(1 << 16);
      while (channel.read(answer) >= 0) {
        assertThat(answer.hasRemaining()).isTrue();
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  private String ask(String request) throws IOException {
    return ask(request.getBytes(StandardCharsets.UTF_8));
  }

  private void print(byte[] bytes) throws IOException {
    console.append(MemorySegment.ofArray(bytes));
    console.releaseAll();
  }

  @Test
  void onlyRootMayAsk() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
        .isEqualTo("rw-------");
  }

  @Test
  void statusArrivesAsTheGuardianGaveIt() throws IOException {
    GuestStatus status = GuardianClient.connect(paths, "kv").status();
    assertThat(status.name()).isEqualTo("kv");
    assertThat(status.state()).isEqualTo(GuestStatus.State.RUNNING);
    assertThat(status.protection().committedEpoch()).isEqualTo(7);
    assertThat(status.protection().framesHeld()).isEqualTo(3);
    assertThat(status.recoveries().lastCause()).isEqualTo("hypervisor died");
    assertThat(status.publish()).containsExactly("0.0.0.0:6379:6379/tcp");
  }

  @Test
  void requestsReachTheGuardian() throws IOException {
    GuardianClient client = GuardianClient.connect(paths, "kv");
    client.stop(1234);
    assertThat(client.turnNanosAgo()).isEqualTo(1234);
    client.resetStatistics();
    assertThat(stopMillis).hasValue(1234);
    assertThat(resets).hasValue(1);
  }

  @Test
  void whatIsNoRequestIsRefusedInOneLine() throws IOException {
    assertThat(ask("{\"request\":\"dance\"}\n")).contains("\"error\"").contains("unknown request");
    assertThat(ask("[]\n")).contains("unknown request");
    assertThat(ask("nonsense\n")).contains("\"error\"");
    assertThat(ask("{\"request\":\"status\"")).contains("without a newline");
    assertThat(ask("x".repeat(4096))).contains("more than 4096 bytes");
    assertThat(ask("[".repeat(2000) + "\n")).contains("\"error\"");
    assertThat(ask("\n").lines().count()).isEqualTo(1);
  }

  @Test
  void garbageNeverStopsTheServer() throws IOException {
    long seed = 11;
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      byte[] request =
          "{\"request\":\"status\",\"timeout_millis\":10}\n".getBytes(StandardCharsets.UTF_8);
      for (int j = random.nextInt(6); j >= 0; j--) {
        request[random.nextInt(request.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(ask(request).lines().count()).as("seed %d round %d", seed, i).isEqualTo(1);
      } catch (IOException e) {
        // The server may close with our bytes unread, which resets the connection.
        assertThat(e).as("seed %d round %d", seed, i).hasMessageMatching("(?s).*(reset|pipe).*");
      }
    }
    assertThat(GuardianClient.connect(paths, "kv").status().name()).isEqualTo("kv");
  }

  @Test
  void consoleCarriesBytesBothWays() throws IOException {
    try (SocketChannel channel = GuardianClient.connect(paths, "kv").console()) {
      channel.write(ByteBuffer.wrap("ls\n".getBytes(StandardCharsets.UTF_8)));
      await().until(() -> typed.equals("ls\n"));
      print("files\n".getBytes(StandardCharsets.UTF_8));
      ByteBuffer read = ByteBuffer.allocate(6);
      while (read.hasRemaining() && channel.read(read) >= 0) {
        // Until all is there.
      }
      assertThat(new String(read.array(), StandardCharsets.UTF_8)).isEqualTo("files\n");
      channel.write(ByteBuffer.wrap("pwd\n".getBytes(StandardCharsets.UTF_8)));
      await().until(() -> typed.endsWith("pwd\n"));
    }
  }

  @Test
  void terminalThatDoesNotReadHoldsUpNobody() throws IOException {
    try (SocketChannel stuck = GuardianClient.connect(paths, "kv").console()) {
      stuck.write(ByteBuffer.wrap("attached".getBytes(StandardCharsets.UTF_8)));
      await().until(() -> typed.equals("attached"));
      // Many times what a socket's buffer holds; the time limit of this class is the assertion.
      for (int i = 0; i < 40; i++) {
        print(new byte[64 << 10]);
      }
      assertThat(Files.size(dir.resolve("console.log"))).isEqualTo(40 * (64L << 10));
    }
  }

  @Test
  void guardianThatIsGoneIsNamed() throws IOException {
    server.close();
    // The listener is closed by the thread that waits on it.
    await()
        .untilAsserted(() ->
            assertThatThrownBy(() -> GuardianClient.connect(paths, "kv"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no guardian answers at"));
  }
}
