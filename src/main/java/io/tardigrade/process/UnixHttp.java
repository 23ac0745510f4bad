package io.tardigrade.process;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The little of HTTP/1.1 (RFC 9112) that asking an agent over its Unix socket, or over a secured
 * one, takes: one request after the other on one connection, bodies with a length or in chunks,
 * read whole or line by line. Every wait is bounded, and so is all that is kept. One thread.
 *
 * <pre>
 *   METHOD target HTTP/1.1 ⏎ header: value ⏎ … ⏎ ⏎ body
 *   HTTP/1.1 status text ⏎ header: value ⏎ … ⏎ ⏎ body, of Content-Length bytes, or in chunks:
 *   size in hexadecimal ⏎ bytes ⏎ … 0 ⏎ ⏎
 * </pre>
 */
public final class UnixHttp implements Closeable {
  private static final int LINE_BYTES_MAX = 8192;
  private static final int HEADERS_MAX = 100;
  private static final int BODY_BYTES_MAX = 16 << 20;

  private final Wire wire;
  private final ByteBuffer in = ByteBuffer.allocate(16_384).flip();

  /** Of the body being read: bytes left of it or of its chunk; -1 up to the connection's end. */
  private long left;

  private boolean chunked;
  private boolean bodyEnded = true;
  private long silenceNanosMax;

  /**
   * The beginning of an answer; its body is read with {@link #body} or {@link #line}.
   *
   * @param contentType without parameters, empty where none is told
   */
  public record Answer(int status, String contentType) {}

  /** What the bytes go over. */
  private interface Wire extends Closeable {
    /**
     * Waits for bytes; -1 at the connection's end.
     *
     * @throws SilentException where none came in time
     */
    int read(ByteBuffer into, long silenceNanosMax) throws IOException;

    /** Sends all. */
    void write(ByteBuffer bytes, long silenceNanosMax) throws IOException;
  }

  private UnixHttp(Wire wire) {
    this.wire = wire;
  }

  /** Over a connection that is secured already, and is closed with this. */
  public static UnixHttp over(Socket secured) {
    return new UnixHttp(new Secured(secured));
  }

  /**
   * Connects.
   *
   * @throws IOException where nobody listens
   */
  public static UnixHttp connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    try {
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      SelectionKey _ = channel.register(selector, SelectionKey.OP_READ);
      return new UnixHttp(new Unix(channel, selector));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Sends a request and reads the answer up to its body. What is left of an earlier answer's body
   * is skipped.
   *
   * @param body JSON, or null for none
   * @param accept media type that is wanted
   * @param silenceMillisMax how long the other side may say nothing, here and in the body
   * @throws SilentException where it did
   */
  public Answer ask(
      String method, String target, @Nullable String body, String accept, long silenceMillisMax)
      throws IOException {
    silenceNanosMax = TimeUnit.MILLISECONDS.toNanos(silenceMillisMax);
    while (!bodyEnded && line() != null) {
      // Skipped.
    }
    byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    String head =
        method
            + " "
            + target
            + " HTTP/1.1\r\nHost: agent\r\nAccept: "
            + accept
            + "\r\n"
            + (body == null ? "" : "Content-Type: application/json\r\n")
            + "Content-Length: "
            + content.length
            + "\r\n\r\n";
    send(ByteBuffer.wrap(head.getBytes(StandardCharsets.UTF_8)));
    send(ByteBuffer.wrap(content));
    return readHead();
  }

  private Answer readHead() throws IOException {
    String status = headLine();
    String[] words = status.split(" ", 3);
    if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("[1-5]\\d\\d")) {
      throw new IOException("not an HTTP answer: " + status);
    }
    Map<String, String> headers = new TreeMap<>();
    String line = headLine();
    while (!line.isEmpty()) {
      int colon = line.indexOf(':');
      if (colon < 1 || headers.size() >= HEADERS_MAX) {
        throw new IOException("HTTP header not understood: " + line);
      }
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      line = headLine();
    }
    int code = Integer.parseInt(words[1]);
    beginBody(code, headers);
    return new Answer(
        code, headers.getOrDefault("content-type", "").replaceFirst("\\s*;.*", "").strip());
  }

  private void beginBody(int status, Map<String, String> headers) throws IOException {
    chunked = headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked");
    bodyEnded = status == 204 || status == 304 || status < 200;
    left = 0;
    if (bodyEnded || chunked) {
      return;
    }
    String length = headers.getOrDefault("content-length", "-1");
    if (!length.matches("-1|\\d{1,18}")) {
      throw new IOException("HTTP length not understood: " + length);
    }
    left = Long.parseLong(length);
    bodyEnded = left == 0;
  }

  /** The rest of the body. */
  public String body() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int b = bodyByte();
    while (b >= 0) {
      body.write(b);
      if (body.size() > BODY_BYTES_MAX) {
        throw new IOException("answer of more than " + BODY_BYTES_MAX + " bytes");
      }
      b = bodyByte();
    }
    return body.toString(StandardCharsets.UTF_8);
  }

  /** The next line of the body, without its newline; null at the body's end. */
  public @Nullable String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b = bodyByte();
    if (b < 0) {
      return null;
    }
    while (b >= 0 && b != '\n') {
      line.write(b);
      if (line.size() > BODY_BYTES_MAX) {
        throw new IOException("line of more than " + BODY_BYTES_MAX + " bytes");
      }
      b = bodyByte();
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  private int bodyByte() throws IOException {
    while (!bodyEnded && left == 0) {
      if (chunked) {
        nextChunk();
      } else {
        bodyEnded = true;
      }
    }
    if (bodyEnded) {
      return -1;
    }
    int b = rawByte();
    if (b < 0) {
      bodyEnded = true;
      if (left > 0 || chunked) {
        throw new IOException("the connection ended in the middle of an answer");
      }
      return -1;
    }
    if (left > 0 && --left == 0 && chunked && !headLine().isEmpty()) {
      throw new IOException("HTTP chunk without an end");
    }
    return b;
  }

  private void nextChunk() throws IOException {
    String size = headLine().replaceFirst(";.*", "").strip();
    if (!size.matches("[0-9a-fA-F]{1,7}")) {
      throw new IOException("HTTP chunk not understood: " + size);
    }
    left = Integer.parseInt(size, 16);
    if (left == 0) {
      while (!headLine().isEmpty()) {
        // Trailers say nothing that we asked for.
      }
      bodyEnded = true;
    }
  }

  private String headLine() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = rawByte();
      if (b < 0) {
        throw new IOException("the connection ended without an answer");
      }
      if (b == '\n') {
        return line.toString().strip();
      }
      if (line.length() >= LINE_BYTES_MAX) {
        throw new IOException("HTTP line of more than " + LINE_BYTES_MAX + " bytes");
      }
      line.append((char) b);
    }
  }

  /** The next byte that arrives; -1 at the connection's end. */
  private int rawByte() throws IOException {
    if (!in.hasRemaining()) {
      in.clear();
      try {
        int _ = wire.read(in, silenceNanosMax);
      } finally {
        in.flip();
      }
    }
    return in.hasRemaining() ? in.get() & 0xff : -1;
  }

  private void send(ByteBuffer bytes) throws IOException {
    wire.write(bytes, silenceNanosMax);
  }

  private static SilentException silent(long silenceNanosMax) {
    return new SilentException(
        "no answer within " + TimeUnit.NANOSECONDS.toMillis(silenceNanosMax) + " ms");
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }

  /** A Unix socket. */
  private record Unix(SocketChannel channel, Selector selector) implements Wire {
    @Override
    public int read(ByteBuffer into, long silenceNanosMax) throws IOException {
      long deadlineNanos = System.nanoTime() + silenceNanosMax;
      int n = channel.read(into);
      while (n == 0) {
        await(SelectionKey.OP_READ, deadlineNanos, silenceNanosMax);
        n = channel.read(into);
      }
      return n;
    }

    @Override
    public void write(ByteBuffer bytes, long silenceNanosMax) throws IOException {
      long deadlineNanos = System.nanoTime() + silenceNanosMax;
      while (bytes.hasRemaining()) {
        if (channel.write(bytes) == 0) {
          await(SelectionKey.OP_WRITE, deadlineNanos, silenceNanosMax);
        }
      }
    }

    private void await(int operation, long deadlineNanos, long silenceNanosMax) throws IOException {
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
      if (leftMillis <= 0) {
        throw silent(silenceNanosMax);
      }
      for (SelectionKey key : selector.keys()) {
        key.interestOps(operation);
      }
      int _ = selector.select(leftMillis);
      selector.selectedKeys().clear();
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted while waiting for an answer");
      }
    }

    @Override
    public void close() throws IOException {
      try {
        selector.close();
      } finally {
        channel.close();
      }
    }
  }

  /** A secured socket to another machine. What is sent is short: the system takes it at once. */
  private record Secured(Socket socket) implements Wire {
    @Override
    public int read(ByteBuffer into, long silenceNanosMax) throws IOException {
      socket.setSoTimeout(
          Math.toIntExact(Math.max(1, TimeUnit.NANOSECONDS.toMillis(silenceNanosMax))));
      try {
        int n =
            socket
                .getInputStream()
                .read(into.array(), into.arrayOffset() + into.position(), into.remaining());
        if (n > 0) {
          into.position(into.position() + n);
        }
        return n;
      } catch (SocketTimeoutException e) {
        SilentException silent = silent(silenceNanosMax);
        silent.initCause(e);
        throw silent;
      }
    }

    @Override
    public void write(ByteBuffer bytes, long silenceNanosMax) throws IOException {
      socket
          .getOutputStream()
          .write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      socket.getOutputStream().flush();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
