package io.tardigrade.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir Path dir;
  private SocketPair pair;
  private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 20);

  @BeforeEach
  void open() throws IOException {
    pair = SocketPair.at(dir.resolve("s"));
  }

  @AfterEach
  void close() {
    pair.close();
  }

  @Test
  void readsWhatIsThereNothingAndTheEnd() throws IOException {
    assertThat(pair.ours().readNow(buffer)).isEqualTo(-1);
    pair.say("abc");
    assertThat(pair.ours().readNow(buffer.asSlice(0, 2))).isEqualTo(2);
    assertThat(pair.ours().read(buffer)).isEqualTo(1);
    pair.peer().close();
    assertThat(pair.ours().readNow(buffer)).isZero();
    assertThat(pair.ours().read(buffer)).isZero();
  }

  @Test
  void fullSocketTakesAPartThenNothing() throws IOException {
    long sent = pair.ours().writeNow(buffer);
    assertThat(sent).isPositive().isLessThan(buffer.byteSize());
    long more = sent;
    while (more > 0) {
      more = pair.ours().writeNow(buffer);
    }
    assertThat(more).isEqualTo(-1);
    assertThat(pair.heard()).isNotEmpty();
    assertThat(pair.ours().writeNow(buffer)).isPositive();
  }

  @Test
  void errorsCarryTheirNames() {
    pair.peer().close();
    assertThatThrownBy(() -> pair.ours().writeNow(buffer.asSlice(0, 1)))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE))
        .hasMessageContaining("EPIPE");
    assertThatThrownBy(() -> UnixSocket.connect(dir.resolve("nobody")))
        .hasMessageContaining("nobody")
        .hasMessageContaining("ENOENT");
    assertThatThrownBy(() -> UnixSocket.listen(dir.resolve("x".repeat(108))))
        .hasMessageContaining("at most 107");
    assertThatThrownBy(() -> Linux.open(dir.resolve("missing"), Linux.O_RDONLY))
        .hasMessageContaining("missing")
        .hasMessageContaining("ENOENT");
  }

  @Test
  void descriptorsTravel() throws IOException {
    Path file = Files.writeString(dir.resolve("f"), "content");
    int fd = Linux.open(file, Linux.O_RDONLY);
    pair.peer().writeWithFd(Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'U'), fd);
    Linux.close(fd);
    int received = pair.ours().receiveFdOrNone();
    assertThat(received).isNotNegative();
    assertThat(Linux.read(received, buffer)).isEqualTo(7);
    Linux.close(received);
    pair.say("-");
    assertThat(pair.ours().receiveFdOrNone()).isEqualTo(-1);
    pair.peer().close();
    assertThat(pair.ours().receiveFdOrNone()).isEqualTo(-1);
  }

  @Test
  void staleSocketFileIsReplaced() throws IOException {
    try (UnixSocket first = UnixSocket.listen(dir.resolve("l"));
        UnixSocket second = UnixSocket.listen(dir.resolve("l"));
        UnixSocket client = UnixSocket.connect(dir.resolve("l"));
        UnixSocket accepted = second.accept()) {
      assertThat(accepted.fd()).isNotEqualTo(client.fd()).isNotEqualTo(first.fd());
    }
  }
}
