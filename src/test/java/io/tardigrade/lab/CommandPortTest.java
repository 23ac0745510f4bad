package io.tardigrade.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our end of a port, with a host played by the test. */
class CommandPortTest {
  private static final byte[] MARK = "\001TARDIGRADE-LAB\0".getBytes(UTF_8);

  @TempDir Path folder;
  private ServerSocketChannel listener;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void listen() throws IOException {
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(folder.resolve("port")));
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  /** What the host does with the connection. */
  private interface Host {
    void serve(SocketChannel channel, DataInputStream in) throws IOException;
  }

  /** Runs a command against a host; its exit code. */
  private int run(Host host) throws Exception {
    Thread server =
        Thread.ofVirtual()
            .start(() -> {
              try (SocketChannel channel = listener.accept()) {
                host.serve(channel, new DataInputStream(Channels.newInputStream(channel)));
              } catch (IOException e) {
                // The client left: the test sees what it made of it.
              }
            });
    SocketChannel channel = connect();
    try (Deadline _ = new Deadline(Duration.ofSeconds(20), () -> giveUp(channel));
        CommandPort port = CommandPort.open(channel)) {
      return port.run(List.of("do", "it"), InputStream.nullInputStream(), out, err);
    } finally {
      server.join();
    }
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("port")));
  }

  private static void giveUp(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whoeverGivesUpNeedNotWaitForAHostThatSaysNothing() throws Exception {
    SocketChannel early = connect();
    early.close();
    assertThatThrownBy(() -> CommandPort.open(early)).hasMessageContaining("given up");
    SocketChannel late = connect();
    try (Deadline _ = new Deadline(Duration.ofMillis(100), () -> giveUp(late))) {
      assertThatThrownBy(() -> CommandPort.open(late)).hasMessageContaining("given up");
    }
  }

  private static byte[] begin(SocketChannel channel, DataInputStream in) throws IOException {
    byte[] mark = in.readNBytes(32);
    assertThat(mark).startsWith(MARK);
    send(channel, mark);
    assertThat(in.readByte()).isEqualTo((byte) 'R');
    assertThat(in.readNBytes(in.readInt())).isEqualTo("do\0it\0".getBytes(UTF_8));
    return mark;
  }

  private static void send(SocketChannel channel, byte[] bytes) throws IOException {
    channel.write(ByteBuffer.wrap(bytes));
  }

  private static byte[] frame(char type, byte... payload) {
    return ByteBuffer.allocate(5 + payload.length)
        .put((byte) type)
        .putInt(payload.length)
        .put(payload)
        .array();
  }

  @Test
  void outputsAndExitCodeArriveApart() throws Exception {
    int code =
        run((channel, in) -> {
          begin(channel, in);
          send(channel, frame('O', "yes".getBytes(UTF_8)));
          send(channel, frame('X', "no".getBytes(UTF_8)));
          send(channel, frame('C', (byte) 0, (byte) 0, (byte) 0, (byte) 7));
        });
    assertThat(code).isEqualTo(7);
    assertThat(out.toString(UTF_8)).isEqualTo("yes");
    assertThat(err.toString(UTF_8)).isEqualTo("no");
  }

  @Test
  void restOfAnotherClientsConversationIsNotTakenForOurs() throws Exception {
    int code =
        run((channel, in) -> {
          send(channel, frame('O', "of another".getBytes(UTF_8)));
          send(channel, new byte[] {'O', 0, 0, 100, 0, 1, 2, 3});
          byte[] mark = begin(channel, in);
          send(channel, mark); // the answer to a mark that was sent twice
          send(channel, frame('C', (byte) 0, (byte) 0, (byte) 0, (byte) 0));
        });
    assertThat(code).isZero();
    assertThat(out.size()).isZero();
  }

  @Test
  void restartIsNoticedAlsoInTheMiddleOfAFrame() {
    assertThatThrownBy(() ->
            run((channel, in) -> {
              begin(channel, in);
              send(channel, new byte[] {'O', 0, 0, 100, 0, 1, 2, 3});
              send(channel, MARK);
              send(channel, new byte[16]);
              in.readAllBytes();
            }))
        .isInstanceOf(CommandPort.RestartedException.class);
  }

  @Test
  void hostThatEndsIsAnError() {
    assertThatThrownBy(() -> run((channel, in) -> begin(channel, in)))
        .hasMessageContaining("the lab host has ended");
  }

  @Test
  void noBytesDoMoreThanEndTheCommand() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      // Mostly well-formed beginnings, so that frames are reached at all.
      if (noise.length > 8 && random.nextInt(4) > 0) {
        noise[0] = (byte) "OXC\001?".charAt(random.nextInt(5));
        noise[1] = (byte) (random.nextInt(8) == 0 ? 255 : 0);
        noise[2] = (byte) random.nextInt(2);
        noise[3] = 0;
      }
      long begun = System.nanoTime();
      try {
        run((channel, in) -> {
          begin(channel, in);
          send(channel, noise);
        });
      } catch (IOException e) {
        assertThat(e.getMessage()).as("seed %d", seed).contains("lab host");
      }
      assertThat(System.nanoTime() - begun).as("seed %d", seed).isLessThan(10_000_000_000L);
      out.reset();
      err.reset();
    }
  }
}
