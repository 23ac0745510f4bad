package io.tardigrade.lab;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Our end of one port of a lab host, over which it runs one command at a time. What passes over it
 * is drawn in {@code lab-helper.c}, which is the other end:
 *
 * <pre>
 *   mark    16 bytes "\001TARDIGRADE-LAB\0", 16 bytes id     ours: begin; theirs: begun, or with id 0: restarted
 *   frame   type (1), length (4, big endian, at most 65536), payload
 *             ours    R arguments, each ended by NUL    I input    E end of input    K end the command    P nothing
 *             theirs  O output    X error output    C exit code (4, big endian)
 * </pre>
 *
 * <p>The host may vanish at any byte and come back as another system. One thread reads; input is
 * sent by another.
 */
final class CommandPort implements Closeable {
  private static final int FRAME_BYTES_MAX = 65_536;
  private static final int ID_BYTES = 16;
  private static final byte[] MARK = "\001TARDIGRADE-LAB\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] RESTARTED = new byte[ID_BYTES];
  private static final long REPEAT_SECONDS = 2;
  private static final long PULSE_MILLIS = 5000;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SocketChannel channel;
  private final byte[] id = new byte[ID_BYTES];
  private final ByteBuffer received = ByteBuffer.allocate(FRAME_BYTES_MAX).flip();
  private final byte[] recent = new byte[MARK.length + ID_BYTES];

  /** The host has been started again: what was asked of it before is lost. */
  static final class RestartedException extends IOException {
    private static final long serialVersionUID = 1L;

    RestartedException() {
      super("the lab host was restarted while the command ran");
    }
  }

  private CommandPort(SocketChannel channel) {
    this.channel = channel;
    RANDOM.nextBytes(id);
  }

  /**
   * Waits until the host serves the port that {@code channel} is connected to. Another thread can
   * give up by closing that; it is closed with the port, and where this fails.
   */
  static CommandPort open(SocketChannel channel) throws IOException {
    CommandPort port = new CommandPort(channel);
    try {
      port.begin();
      return port;
    } catch (IOException e) {
      port.close();
      throw e;
    }
  }

  /** The mark is repeated: a system that goes down may have swallowed the first. */
  private void begin() throws IOException {
    CountDownLatch begun = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(() -> {
          try {
            do {
              sendMark();
            } while (!begun.await(REPEAT_SECONDS, TimeUnit.SECONDS));
          } catch (IOException | InterruptedException e) {
            // The reader finds out too.
          }
        });
    try {
      while (!marked() || !Arrays.equals(idOf(recent), id)) {
        try {
          var _ = next();
        } catch (RestartedException e) {
          // Just what is waited for.
        }
      }
    } finally {
      begun.countDown();
    }
  }

  private synchronized void sendMark() throws IOException {
    ByteBuffer mark = ByteBuffer.allocate(MARK.length + ID_BYTES).put(MARK).put(id).flip();
    while (mark.hasRemaining()) {
      channel.write(mark);
    }
  }

  /**
   * Runs a command to its end.
   *
   * @return its exit code
   * @throws RestartedException if the host was started again meanwhile
   */
  int run(List<String> command, InputStream input, OutputStream out, OutputStream err)
      throws IOException {
    start(command);
    Thread sender = Thread.ofPlatform().daemon().name("lab-input").start(() -> sendInput(input));
    Thread pulse = Thread.ofVirtual().start(this::keepAwake);
    try {
      return relay(out, err);
    } finally {
      sender.interrupt();
      pulse.interrupt();
    }
  }

  /**
   * Interrupts the host now and then. Emulated hosts under nested KVM were seen to stand still for
   * as long as anybody waited, in two of three runs in which nothing came in from outside, and in
   * none of eight in which something did every 20 s: as if a timer's interrupt was lost, after
   * which a kernel that sleeps sleeps on.
   */
  private void keepAwake() {
    try {
      while (true) {
        Thread.sleep(PULSE_MILLIS);
        send('P', id, 0);
      }
    } catch (IOException | InterruptedException e) {
      // The command has ended, or its host has.
    }
  }

  void start(List<String> command) throws IOException {
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    for (String word : command) {
      words.writeBytes(word.getBytes(StandardCharsets.UTF_8));
      words.write(0);
    }
    if (words.size() > FRAME_BYTES_MAX) {
      throw new IOException(
          "a command of "
              + words.size()
              + " bytes is too long for a lab host; give its input on"
              + " stdin, at most "
              + FRAME_BYTES_MAX);
    }
    send('R', words.toByteArray(), words.size());
  }

  private void sendInput(InputStream input) {
    byte[] chunk = new byte[FRAME_BYTES_MAX];
    try {
      for (int n = input.read(chunk); n >= 0; n = input.read(chunk)) {
        send('I', chunk, n);
      }
      send('E', chunk, 0);
    } catch (IOException e) {
      // The command has ended without it, or its host has: the reader knows which.
    }
  }

  /** Ends the running command; its exit code follows. */
  void kill() throws IOException {
    send('K', id, 0);
  }

  private synchronized void send(char type, byte[] payload, int count) throws IOException {
    ByteBuffer frame =
        ByteBuffer.allocate(5 + count).put((byte) type).putInt(count).put(payload, 0, count).flip();
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
  }

  private int relay(OutputStream out, OutputStream err) throws IOException {
    while (true) {
      int type = next();
      if (type == MARK[0]) {
        // A repeated answer to our own mark.
        skip(MARK.length + ID_BYTES - 1);
        continue;
      }
      byte[] payload = payload();
      switch (type) {
        case 'O' -> write(out, payload);
        case 'X' -> write(err, payload);
        case 'C' -> {
          return exitCode(payload);
        }
        default -> throw new IOException("the lab host sent a frame of the unknown type " + type);
      }
    }
  }

  private static int exitCode(byte[] payload) throws IOException {
    if (payload.length != Integer.BYTES) {
      throw new IOException("the lab host sent an exit code of " + payload.length + " bytes");
    }
    return ByteBuffer.wrap(payload).getInt();
  }

  private static void write(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  private byte[] payload() throws IOException {
    int count = next() << 24 | next() << 16 | next() << 8 | next();
    if (count < 0 || count > FRAME_BYTES_MAX) {
      throw new IOException("the lab host sent a frame of " + count + " bytes");
    }
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) next();
    }
    return bytes;
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      next();
    }
  }

  private int next() throws IOException {
    if (!received.hasRemaining()) {
      receive();
    }
    byte value = received.get();
    System.arraycopy(recent, 1, recent, 0, recent.length - 1);
    recent[recent.length - 1] = value;
    if (value == 0 && marked() && Arrays.equals(idOf(recent), RESTARTED)) {
      throw new RestartedException();
    }
    return value & 255;
  }

  private void receive() throws IOException {
    received.clear();
    int count;
    try {
      count = channel.read(received);
    } catch (ClosedChannelException e) {
      throw new IOException("the wait for the lab host was given up", e);
    } catch (IOException e) {
      throw new IOException("the lab host has ended: " + e.getMessage(), e);
    } finally {
      received.flip();
    }
    if (count < 0) {
      throw new EOFException("the lab host has ended");
    }
  }

  private boolean marked() {
    return Arrays.equals(recent, 0, MARK.length, MARK, 0, MARK.length);
  }

  private static byte[] idOf(byte[] mark) {
    return Arrays.copyOfRange(mark, MARK.length, mark.length);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is left to be saved on it.
    }
  }
}
