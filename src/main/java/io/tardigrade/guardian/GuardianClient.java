package io.tardigrade.guardian;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/**
 * Asks the guardian of one guest; see {@link ControlServer} for the wire. Any thread. A guardian
 * that takes a question and does not answer, being stopped or hung, is given up after {@link
 * #ANSWER_MILLIS_MAX}; what the asking process itself needs for its preparations does not count.
 */
public final class GuardianClient {
  /** A guardian answers within a millisecond, within a second on the slowest of hosts. */
  static final long ANSWER_MILLIS_MAX = 3000;

  private static final int ANSWER_BYTES_MAX = 1 << 20;

  private final Path socket;

  private GuardianClient(Path socket) {
    this.socket = socket;
  }

  /**
   * For the guest called {@code name}.
   *
   * @throws IOException where no guardian answers, now
   */
  public static GuardianClient connect(HostPaths paths, String name) throws IOException {
    GuardianClient client = new GuardianClient(paths.guestRun(name).resolve("guardian.sock"));
    client.open().close();
    return client;
  }

  /** What the guardian says of its guest. */
  public GuestStatus status() throws IOException {
    try (SocketChannel channel = open()) {
      return Json.parse("status", request(channel, Map.of("request", "status")), GuestStatus.class);
    }
  }

  /** How long ago the guardian's main thread made its last turn, in nanoseconds. */
  public long turnNanosAgo() throws IOException {
    try (SocketChannel channel = open()) {
      String answer = request(channel, Map.of("request", "pulse"));
      check(answer);
      return Json.parse("pulse", answer, JsonNode.class).path("turn_nanos_ago").asLong(0);
    }
  }

  /** Asks the guest to power off, and forces it after the timeout; returns at once. */
  public void stop(long timeoutMillis) throws IOException {
    simple(Map.of("request", "stop", "timeout_millis", timeoutMillis));
  }

  /** Asks for the guest to be frozen; returns at once, {@link Freeze#ended} tells the rest. */
  public void freeze() throws IOException {
    simple(Map.of("request", "freeze"));
  }

  /** Asks for another host, a backup, to lead the guest; returns once that is begun. */
  public void switchOver(String host) throws IOException {
    simple(Map.of("request", "switchover", "host", host));
  }

  /** Asks this host, a backup, to lead the guest, whatever its primary does. */
  public void failOver() throws IOException {
    simple(Map.of("request", "failover"));
  }

  /**
   * Asks this host, which keeps no memory of the guest, to boot it from its disks; returns once
   * that is begun, with what is lost by it.
   */
  public String bootFromDisk() throws IOException {
    try (SocketChannel channel = open()) {
      String answer = request(channel, Map.of("request", "boot-from-disk"));
      check(answer);
      return Json.parse("answer", answer, JsonNode.class).path("lost").asString("");
    }
  }

  /** Asks for another number of backups; returns at once. */
  public void protect(int backups) throws IOException {
    simple(Map.of("request", "protect", "backups", backups));
  }

  /** Forgets measured distributions, so that what is read next is new. */
  public void resetStatistics() throws IOException {
    simple(Map.of("request", "reset-statistics"));
  }

  /** The guest's console: what is read is its output, what is written is typed. */
  public SocketChannel console() throws IOException {
    SocketChannel channel = open();
    try {
      check(request(channel, Map.of("request", "console")));
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private void simple(Map<String, Object> request) throws IOException {
    try (SocketChannel channel = open()) {
      check(request(channel, request));
    }
  }

  private static void check(String answer) throws IOException {
    JsonNode node = Json.parse("answer", answer, JsonNode.class);
    if (node.has("error")) {
      throw new IOException("guardian refused: " + node.path("error").asString(""));
    }
  }

  private SocketChannel open() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
    return timed(() -> SocketChannel.open(address));
  }

  private String request(SocketChannel channel, Map<String, Object> request) throws IOException {
    ByteBuffer out = ByteBuffer.wrap((Json.line(request) + "\n").getBytes(StandardCharsets.UTF_8));
    return timed(() -> exchange(channel, out));
  }

  private <T> T timed(Callable<T> question) throws IOException {
    FutureTask<T> task = new FutureTask<>(question);
    // Interrupting it closes the connection.
    Thread asking = Thread.ofVirtual().start(task);
    try {
      return task.get(ANSWER_MILLIS_MAX, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException("no guardian answers at " + socket, e.getCause());
    } catch (TimeoutException e) {
      asking.interrupt();
      throw new IOException(
          "guardian at " + socket + " did not answer within " + ANSWER_MILLIS_MAX + " ms", e);
    } catch (InterruptedException e) {
      asking.interrupt();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while asking the guardian at " + socket);
    }
  }

  private static String exchange(SocketChannel channel, ByteBuffer out) throws IOException {
    while (out.hasRemaining()) {
      channel.write(out);
    }
    // One byte at a time: console output may follow the answer's newline at once.
    StringBuilder line = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (line.length() < ANSWER_BYTES_MAX) {
      if (channel.read(one.clear()) < 0) {
        throw new IOException("guardian closed the connection without an answer");
      }
      byte b = one.get(0);
      if (b == '\n') {
        return new String(
            line.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      }
      line.append((char) (b & 0xff));
    }
    throw new IOException("answer of more than " + ANSWER_BYTES_MAX + " bytes");
  }
}
