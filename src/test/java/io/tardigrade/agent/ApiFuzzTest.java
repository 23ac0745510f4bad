package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.control.FakeControl;
import io.tardigrade.control.HostService;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.FakeHost;
import io.tardigrade.process.AgentLauncher;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that are no requests, or almost, never crash, hang or fill the agent. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ApiFuzzTest {
  private static final int ROUNDS = 1500;
  private static final int ANSWER_BYTES_MAX = 1 << 20;
  private static final List<String> REQUESTS =
      List.of(
          "GET /v1/version HTTP/1.1\r\nHost: agent\r\n\r\n",
          "GET /v1/guests HTTP/1.1\r\nHost: agent\r\nAccept: application/x-ndjson\r\n\r\n",
          "GET /v1/events?guest=kv&watch=false HTTP/1.1\r\nHost: agent\r\n\r\n",
          "GET /v1/incidents/20261122-181503-kv-1 HTTP/1.1\r\nHost: agent\r\n\r\n",
          "DELETE /v1/guests/none HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\n\r\n",
          "POST /v1/guests/none/stop HTTP/1.1\r\nHost: agent\r\nContent-Length: 21\r\n\r\n"
              + "{\"timeout_seconds\":1}",
          "POST /v1/guests HTTP/1.1\r\nHost: agent\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "1c\r\n{\"name\":\"kv\",\"memory_bytes\":\r\n4\r\n1,\"x\r\n2\r\n\":\r\n2\r\n1}\r\n0\r\n\r\n",
          "POST /v1/guests HTTP/1.1\r\nHost: agent\r\nContent-Length: 76\r\n\r\n"
              + "{\"name\":\"kv\",\"disk\":{\"file\":\"/no/disk\"},\"volumes\":[\"v:1G\"],\"vcpus\":1,\"x\":1}",
          "OPTIONS * HTTP/1.1\r\nHost: agent\r\n\r\n");

  /** What parsers trip over, besides single bytes. */
  private static final List<String> TOKENS =
      List.of(
          "\r\n",
          "\n",
          "\0",
          "%",
          "%00",
          "%2f",
          "..",
          "//",
          "?",
          "&",
          ": ",
          "\u00ff",
          "HTTP/9.9",
          "Content-Length: -1\r\n",
          "Content-Length: 99999999999999999999\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Expect: 100-continue\r\n",
          "Upgrade: h2c\r\n",
          "Connection: close\r\n",
          "ffffffffffffffff\r\n",
          "{",
          "[[[[[[[[",
          "\"",
          "1e999999",
          "-9223372036854775809",
          "\\ud800",
          "null",
          "x".repeat(9000));

  @TempDir Path dir;
  private HostPaths paths;
  private TestAgent agent;

  @BeforeEach
  void open() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", dir.resolve("s").toString(),
                "TARDIGRADE_RUN", dir.toString(),
                "TARDIGRADE_IMAGES", dir.resolve("i").toString()));
    FakeHost made = new FakeHost();
    agent =
        TestAgent.serve(
            paths,
            new HostService(
                paths,
                made,
                made,
                new FakeControl().in(paths),
                InstantSource.system(),
                TestAgent::fit));
  }

  @AfterEach
  void close() throws IOException {
    agent.close();
  }

  /** Sends {@code bytes}; returns what came back until the other side was through with them. */
  static String fuzz(Path socket, byte[] bytes) throws IOException {
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      ByteBuffer out = ByteBuffer.wrap(bytes);
      while (out.hasRemaining()) {
        channel.write(out);
      }
      channel.shutdownOutput();
      ByteBuffer in = ByteBuffer.allocate(8192);
      while (channel.read(in.clear()) >= 0) {
        heard.write(in.array(), 0, in.position());
        assertThat(heard.size()).isLessThan(ANSWER_BYTES_MAX);
      }
    } catch (IOException e) {
      // It may close with our bytes unread, which resets the connection.
      if (!String.valueOf(e.getMessage()).matches("(?is).*(reset|pipe).*")) {
        throw e;
      }
    }
    return heard.toString(StandardCharsets.ISO_8859_1);
  }

  private static byte[] mutated(Random random) {
    StringBuilder text = new StringBuilder(REQUESTS.get(random.nextInt(REQUESTS.size())));
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(5)) {
        case 0 -> text.insert(at, TOKENS.get(random.nextInt(TOKENS.size())));
        case 1 -> text.setLength(Math.max(1, at));
        case 2 -> text.insert(at, REQUESTS.get(random.nextInt(REQUESTS.size())));
        case 3 -> text.delete(at, Math.min(text.length(), at + random.nextInt(20)));
        default -> {
          if (at < text.length()) {
            text.setCharAt(at, (char) random.nextInt(256));
          }
        }
      }
      if (text.isEmpty()) {
        text.append('\n');
      }
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void noBytesCrashHangOrFillTheAgent() throws Exception {
    long seed = Long.getLong("seed", 7);
    Random random = new Random(seed);
    int answered = 0;
    long longestNanos = 0;
    long before = 0;
    for (int i = 0; i < ROUNDS; i++) {
      if (i == ROUNDS / 3) {
        before = usedBytes();
      }
      byte[] bytes = mutated(random);
      long start = System.nanoTime();
      String heard = fuzz(agent.socket(), bytes);
      longestNanos = Math.max(longestNanos, System.nanoTime() - start);
      if (!heard.isEmpty()) {
        answered++;
        assertThat(heard).as("seed %d round %d", seed, i).startsWith("HTTP/1.1 ");
        assertThat(heard)
            .as("seed %d round %d: %s", seed, i, new String(bytes, StandardCharsets.ISO_8859_1))
            .doesNotContain("internal error", "\tat ", "<html");
      }
    }
    assertThat(answered).isGreaterThan(ROUNDS / 2);
    assertThat(TimeUnit.NANOSECONDS.toSeconds(longestNanos)).isLessThan(10);
    assertThat(usedBytes() - before).as("bytes kept of requests").isLessThan(8L << 20);
    // Connections that we have closed are seen to be closed a moment later.
    await().atMost(Duration.ofSeconds(10)).until(() -> !agent.isBusy());
    assertThat(GuestFiles.names(paths)).isEmpty();
    assertThat(AgentLauncher.ask(paths, 5000).build()).isEqualTo("1-1");
  }

  private static long usedBytes() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  @Test
  void requestsThatNeverEndLeaveRoomForOthers() throws IOException {
    List<SocketChannel> stuck = new ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(agent.socket()));
        stuck.add(channel);
        String text = REQUESTS.get(i % REQUESTS.size());
        channel.write(
            ByteBuffer.wrap(
                text.substring(0, text.length() / 2).getBytes(StandardCharsets.US_ASCII)));
      }
      assertThat(AgentLauncher.ask(paths, 5000).build()).isEqualTo("1-1");
    } finally {
      for (SocketChannel channel : stuck) {
        channel.close();
      }
    }
  }
}
