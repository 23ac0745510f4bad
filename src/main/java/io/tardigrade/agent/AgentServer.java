package io.tardigrade.agent;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The agent's Unix socket, which only root may open. One word and a newline ask:
 *
 * <pre>
 *   scan    look at the guests now; answered "ok" when done
 *   ping    answered with the program's version
 *   end     answered "ok", then the agent ends; guardians and guests stay
 *   watch   answered "ok"; the connection then stays open for as long as the agent lives
 * </pre>
 */
final class AgentServer implements Closeable {
  private static final int WORD_BYTES_MAX = 16;

  private final Path path;
  private final ServerSocketChannel listener;
  private final Supervisor supervisor;

  AgentServer(Path path, Supervisor supervisor) throws IOException {
    this.path = path;
    this.supervisor = supervisor;
    Files.deleteIfExists(path);
    this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    Thread.ofPlatform().name("requests").daemon().start(this::accept);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      }
    } catch (IOException e) {
      // Closed: the agent ends.
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      ByteBuffer word = ByteBuffer.allocate(WORD_BYTES_MAX);
      while (word.position() == 0 || word.get(word.position() - 1) != '\n') {
        if (!word.hasRemaining() || channel.read(word) < 0) {
          return;
        }
      }
      String request = new String(word.array(), 0, word.position() - 1, StandardCharsets.US_ASCII);
      switch (request) {
        case "scan" -> supervisor.scanNow();
        case "end" -> supervisor.end();
        case "ping", "watch" -> {}
        default -> {
          return;
        }
      }
      String answer = request.equals("ping") ? AgentLauncher.program() : "ok";
      channel.write(ByteBuffer.wrap((answer + "\n").getBytes(StandardCharsets.US_ASCII)));
      if (request.equals("watch")) {
        ByteBuffer ignored = ByteBuffer.allocate(16);
        while (channel.read(ignored.clear()) >= 0) {
          // Watchers say nothing; this waits for their end.
        }
      }
    } catch (IOException e) {
      // Whoever asked has left.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    Files.deleteIfExists(path);
  }
}
