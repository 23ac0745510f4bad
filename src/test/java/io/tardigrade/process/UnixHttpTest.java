package io.tardigrade.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnixHttpTest {
  @TempDir Path dir;
  private ServerSocketChannel listener;
  private volatile byte[] answer = new byte[0];
  private volatile boolean open;

  @BeforeEach
  void listen() throws IOException {
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(socket()));
    Thread.ofPlatform().daemon().start(this::serve);
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  private Path socket() {
    return dir.resolve("s");
  }

  /** Says what it is to say to whoever asks, whatever that is. */
  private void serve() {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        channel.read(ByteBuffer.allocate(65_536));
        ByteBuffer bytes = ByteBuffer.wrap(answer);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        if (!open) {
          channel.close();
        }
      }
    } catch (IOException e) {
      // Closed, or the client had enough.
      if (listener.isOpen()) {
        serve();
      }
    }
  }

  private String get(String raw) throws IOException {
    answer = raw.getBytes(StandardCharsets.ISO_8859_1);
    try (UnixHttp http = UnixHttp.connect(socket())) {
      UnixHttp.Answer head = http.ask("GET", "/", null, "*/*", 300);
      return head.status() + " " + head.contentType() + " " + http.body();
    }
  }

  @Test
  void bodiesOfEachKindAreReadWhole() throws IOException {
    assertThat(get("HTTP/1.1 200 OK\r\nContent-Type: a/b; c=d\r\nContent-Length: 5\r\n\r\nhello"))
        .isEqualTo("200 a/b hello");
    assertThat(
            get(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"))
        .isEqualTo("200  hello");
    assertThat(get("HTTP/1.1 404 No\r\n\r\nup to the end")).isEqualTo("404  up to the end");
    assertThat(get("HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n")).isEqualTo("204  ");
  }

  @Test
  void answerCutShortIsAnError() {
    for (String cut :
        new String[] {
          "",
          "HTTP/1.1 200 OK\r\nContent-Le",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
          "SSH-2.0-x\r\n\r\n"
        }) {
      assertThatThrownBy(() -> get(cut)).as(cut).isInstanceOf(IOException.class);
    }
  }

  @Test
  void silenceIsToldApartFromAnEnd() {
    open = true;
    assertThatThrownBy(() -> get("")).isInstanceOf(SilentException.class);
    assertThatThrownBy(() -> get("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"))
        .isInstanceOf(SilentException.class)
        .hasMessageContaining("no answer within 300 ms");
  }

  @Test
  void whatNeverEndsIsNotKept() {
    assertThatThrownBy(() -> get("HTTP/1.1 200 " + "x".repeat(1 << 20)))
        .hasMessageContaining("more than");
    assertThatThrownBy(() -> get("HTTP/1.1 200 OK\r\n" + "a: b\r\nc: d\r\n".repeat(1 << 16)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> get("HTTP/1.1 200 OK\r\n\r\n" + "x".repeat((16 << 20) + 1)))
        .hasMessageContaining("more than");
  }

  @Test
  void noAnswerDoesMoreThanAnIoException() {
    long seed = Long.getLong("seed", 3);
    Random random = new Random(seed);
    String good =
        "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    int refused = 0;
    for (int i = 0; i < 500; i++) {
      byte[] bytes = good.getBytes(StandardCharsets.ISO_8859_1);
      for (int j = random.nextInt(5); j >= 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(get(new String(bytes, StandardCharsets.ISO_8859_1))).hasSizeLessThan(1000);
      } catch (IOException e) {
        refused++;
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + " round " + i, e);
      }
    }
    assertThat(refused).isGreaterThan(50);
  }
}
