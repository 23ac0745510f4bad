package io.tardigrade.guardian;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Answers requests to the guardian on its Unix socket, which only root may open. Each connection
 * carries one request and its answer, a JSON object on a line each:
 *
 * <pre>
 *   {"request":"status"}                         → GuestStatus
 *   {"request":"pulse"}                          → {"turn_nanos_ago":N} of the main thread
 *   {"request":"stop","timeout_millis":10000}    → {"ok":true}, at once
 *   {"request":"freeze"}                         → {"ok":true}, at once; see Freeze
 *   {"request":"switchover","host":"h2"}         → {"ok":true}, once it is begun
 *   {"request":"failover"}                       → {"ok":true}, once it is begun
 *   {"request":"boot-from-disk"}                 → {"lost":"one line"}, once it is begun
 *   {"request":"protect","backups":2}            → {"ok":true}
 *   {"request":"reset-statistics"}               → {"ok":true}
 *   {"request":"console"}                        → {"ok":true}, then raw bytes both ways
 *   anything else                                → {"error":"one line"}
 * </pre>
 */
final class ControlServer implements Closeable {
  private static final int REQUEST_BYTES_MAX = 4096;

  private final ServerSocketChannel listener;
  private final Requests requests;
  private final Console console;
  private final Thread thread;

  /** What can be asked of the guardian; called on threads of the server. */
  interface Requests {
    GuestStatus status();

    void stop(long timeoutMillis) throws IOException;

    void freeze() throws IOException;

    /** Lets another host, a backup, lead the guest. */
    default void switchOver(String host) throws IOException {
      throw new IOException("the guest is not replicated");
    }

    /** How many backups are wished for from now on. */
    default void protect(int backups) throws IOException {
      throw new IOException("the guest is not replicated");
    }

    /** Takes the guest over from the host that leads it. */
    default void failOver() throws IOException {
      throw new IOException("the guest is not replicated");
    }

    /** Boots the guest from its disks here, its memory given up; says what is lost by that. */
    default String bootFromDisk() throws IOException {
      throw new IOException("the guest is not replicated");
    }

    void resetStatistics();

    /** How long ago the main thread made its last turn. */
    long turnNanosAgo();

    /** Bytes typed on the console. */
    void type(ByteBuffer bytes) throws IOException;
  }

  ControlServer(Path socket, Requests requests, Console console) throws IOException {
    this.requests = requests;
    this.console = console;
    Files.deleteIfExists(socket);
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    this.thread = Thread.ofPlatform().name("control").daemon().start(this::accept);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      }
    } catch (IOException e) {
      // Closed: the guardian ends.
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      try {
        serve(channel, Json.parse("request", readLine(channel), JsonNode.class));
      } catch (IOException | IllegalArgumentException e) {
        answer(channel, Map.of("error", String.valueOf(e.getMessage())));
      }
    } catch (IOException e) {
      // Whoever asked has left.
    }
  }

  private void serve(SocketChannel channel, JsonNode request) throws IOException {
    switch (request.path("request").asString("")) {
      case "status" -> answer(channel, requests.status());
      case "pulse" -> answer(channel, Map.of("turn_nanos_ago", requests.turnNanosAgo()));
      case "stop" -> {
        requests.stop(request.path("timeout_millis").asLong(10_000));
        answer(channel, Map.of("ok", true));
      }
      case "freeze" -> {
        requests.freeze();
        answer(channel, Map.of("ok", true));
      }
      case "switchover" -> {
        requests.switchOver(request.path("host").asString(""));
        answer(channel, Map.of("ok", true));
      }
      case "failover" -> {
        requests.failOver();
        answer(channel, Map.of("ok", true));
      }
      case "boot-from-disk" -> answer(channel, Map.of("lost", requests.bootFromDisk()));
      case "protect" -> {
        requests.protect(request.path("backups").asInt(-1));
        answer(channel, Map.of("ok", true));
      }
      case "reset-statistics" -> {
        requests.resetStatistics();
        answer(channel, Map.of("ok", true));
      }
      case "console" -> {
        answer(channel, Map.of("ok", true));
        serveConsole(channel);
      }
      default ->
          answer(
              channel,
              Map.of(
                  "error",
                  "unknown request; known are status, pulse, stop, freeze, switchover, failover,"
                      + " boot-from-disk, protect, reset-statistics, console"));
    }
  }

  private void serveConsole(SocketChannel channel) throws IOException {
    // Whoever copies output to a terminal must never wait for it.
    channel.configureBlocking(false);
    console.attach(channel);
    ByteBuffer typed = ByteBuffer.allocate(4096);
    try (Selector selector = Selector.open()) {
      SelectionKey _ = channel.register(selector, SelectionKey.OP_READ);
      while (channel.read(typed) >= 0) {
        requests.type(typed.flip());
        typed.clear();
        int _ = selector.select();
        selector.selectedKeys().clear();
      }
    } finally {
      console.detach(channel);
    }
  }

  private static String readLine(SocketChannel channel) throws IOException {
    ByteBuffer line = ByteBuffer.allocate(REQUEST_BYTES_MAX);
    while (line.position() == 0 || line.get(line.position() - 1) != '\n') {
      if (!line.hasRemaining()) {
        throw new IOException("request of more than " + REQUEST_BYTES_MAX + " bytes");
      }
      if (channel.read(line) < 0) {
        throw new IOException("request without a newline");
      }
    }
    return new String(line.array(), 0, line.position(), StandardCharsets.UTF_8);
  }

  private static void answer(SocketChannel channel, Object value) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((Json.line(value) + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    thread.interrupt();
  }
}
