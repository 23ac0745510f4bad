package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class ConsoleRelayTest {
  @TempDir Path folder;

  /** What the console was sent, where it answers {@code answer} and then waits for us to leave. */
  private String relay(String typed, String answer, boolean terminal, ByteArrayOutputStream out)
      throws Exception {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      CompletableFuture<String> heard =
          CompletableFuture.supplyAsync(() -> {
            try (SocketChannel guest = server.accept()) {
              guest.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
              ByteBuffer bytes = ByteBuffer.allocate(10_000);
              while (guest.read(bytes) >= 0) {
                // Until the other side leaves.
              }
              return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
            } catch (java.io.IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      byte[] keys = typed.getBytes(StandardCharsets.UTF_8);
      try (SocketChannel console = SocketChannel.open(address)) {
        new ConsoleRelay(new ByteArrayInputStream(keys), out, console, terminal).run();
      }
      return heard.get();
    }
  }

  @Test
  void theDetachKeyLeavesAndIsNotTyped() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(relay("ls\u001dmore", "", true, out)).isEqualTo("ls");
  }

  @Test
  void aScriptIsTypedWholeAndWaitsForAnswers() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(relay("a\u001db\n", "hello", false, out)).isEqualTo("a\u001db\n");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
  }
}
