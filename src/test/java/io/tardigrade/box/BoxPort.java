package io.tardigrade.box;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Our end of one virtio port of the box. One command at a time; the other end is {@code serve} in
 * box-init.sh:
 *
 * <pre>
 *   box →  "ready\n"                                      once, when it can serve
 *   us  →  SECONDS " " SCRIPT-BYTES " " INPUT-BYTES "\n"  then the bash script, then its input
 *   box →  EXIT-CODE " " OUT-BYTES " " ERR-BYTES "\n"     then both outputs
 * </pre>
 *
 * A "ready" in place of an answer means that the box was restarted meanwhile.
 */
final class BoxPort implements Closeable {
  private static final int LINE_BYTES_MAX = 64;

  private final ServerSocketChannel listener;
  private volatile @Nullable SocketChannel channel;
  private @Nullable DataInputStream in;
  private @Nullable OutputStream out;

  /** Listens at {@code path}, before the box is started with this as a port. */
  BoxPort(Path path) throws IOException {
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path));
  }

  /** Waits for the box's QEMU to connect and for the box to serve. */
  void awaitReady() throws IOException {
    if (channel == null) {
      SocketChannel accepted = listener.accept();
      channel = accepted;
      in = new DataInputStream(Channels.newInputStream(accepted));
      out = Channels.newOutputStream(accepted);
    }
    String line = line();
    if (!line.equals("ready")) {
      throw new IOException("the box should say 'ready' but said '" + line + "'");
    }
  }

  /** Runs a script to its end. */
  BoxResult run(String script, byte[] input, Duration timeout) throws IOException {
    send(script, input, timeout);
    String line = line();
    String[] fields = line.split(" ", -1);
    if (fields.length != 3) {
      throw new IOException(
          line.equals("ready")
              ? "the box was restarted while the command ran"
              : "the box should answer with three numbers but said '" + line + "'");
    }
    byte[] stdout = bytes(Integer.parseInt(fields[1]));
    byte[] stderr = bytes(Integer.parseInt(fields[2]));
    return new BoxResult(Integer.parseInt(fields[0]), stdout, stderr);
  }

  /** Sends a script whose answer nobody awaits, since it takes the box's system down. */
  void send(String script, byte[] input, Duration timeout) throws IOException {
    byte[] scriptBytes = script.getBytes(StandardCharsets.UTF_8);
    String head =
        "%d %d %d\n".formatted(Math.max(1, timeout.toSeconds()), scriptBytes.length, input.length);
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(scriptBytes);
    request.writeBytes(input);
    if (out == null) {
      throw new IllegalStateException("the box is not ready yet");
    }
    request.writeTo(out);
  }

  private byte[] bytes(int length) throws IOException {
    byte[] content = new byte[length];
    input().readFully(content);
    return content;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = input().read(); next != '\n'; next = input().read()) {
      if (next < 0) {
        throw new EOFException("the box has ended");
      }
      if (line.length() == LINE_BYTES_MAX) {
        throw new IOException("the box should send a short line but sent '" + line + "...'");
      }
      line.append((char) next);
    }
    return line.toString();
  }

  private DataInputStream input() {
    if (in == null) {
      throw new IllegalStateException("the box is not ready yet");
    }
    return in;
  }

  @Override
  public void close() {
    SocketChannel accepted = channel;
    try {
      listener.close();
      if (accepted != null) {
        accepted.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("closing a port of the box", e);
    }
  }
}
