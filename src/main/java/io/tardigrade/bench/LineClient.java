package io.tardigrade.bench;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One TCP connection on which a line is asked and a line answered. It speaks redis's inline
 * commands ("PING\r\n" and "+PONG\r\n", "INCR key\r\n" and ":1\r\n") as well as the worker's
 * protocol (see worker.c).
 */
final class LineClient implements Closeable {
  static final int REDIS_PORT = 6379;
  static final int WORKER_PORT = 7000;

  private static final int LINE_BYTES_MAX = 512;
  private static final int CONNECT_MILLIS_MAX = 3000;
  private static final int ANSWER_MILLIS_MAX = 300_000;

  private final Socket socket = new Socket();
  private final InputStream in;
  private final OutputStream out;

  private LineClient(String address, int port, int connectMillisMax) throws IOException {
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(address, port), connectMillisMax);
      this.in = new java.io.BufferedInputStream(socket.getInputStream(), LINE_BYTES_MAX);
      this.out = socket.getOutputStream();
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects, and sees that the server gives the expected answer. */
  static LineClient open(String address, int port, String question, String answer)
      throws IOException {
    return open(address, port, question, answer, CONNECT_MILLIS_MAX);
  }

  /** As {@link #open}, with another time for connecting, and for answering the first question. */
  static LineClient open(String address, int port, String question, String answer, int millisMax)
      throws IOException {
    LineClient client = new LineClient(address, port, millisMax);
    try {
      client.socket.setSoTimeout(millisMax);
      client.expect(question, answer);
      client.socket.setSoTimeout(ANSWER_MILLIS_MAX);
      return client;
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  static LineClient redis(String address) throws IOException {
    return open(address, REDIS_PORT, "PING", "+PONG");
  }

  static LineClient worker(String address) throws IOException {
    return worker(address, WORKER_PORT);
  }

  static LineClient worker(String address, int port) throws IOException {
    return open(address, port, "d 0", "ok");
  }

  /** Asks a line; returns the answer without its end. */
  String ask(String question) throws IOException {
    out.write((question + "\r\n").getBytes(StandardCharsets.US_ASCII));
    return answer();
  }

  /** Asks lines all at once, each of which has only this right answer. */
  void expectAll(List<String> questions, String answer) throws IOException {
    String lines = String.join("\r\n", questions) + "\r\n";
    out.write(lines.getBytes(StandardCharsets.US_ASCII));
    for (String question : questions) {
      String given = answer();
      if (!given.equals(answer)) {
        throw wrong(question, given, answer);
      }
    }
  }

  private static IOException wrong(String question, String given, String answer) {
    return new IOException(
        "the guest answered '" + given + "' to '" + question + "', expected '" + answer + "'");
  }

  private String answer() throws IOException {
    StringBuilder line = new StringBuilder();
    while (line.length() < LINE_BYTES_MAX) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the guest closed the connection");
      }
      if (b == '\n') {
        return line.toString().stripTrailing();
      }
      line.append((char) b);
    }
    throw new IOException("the guest answered a line of more than " + LINE_BYTES_MAX + " bytes");
  }

  /** Asks a line that has only one right answer. */
  void expect(String question, String answer) throws IOException {
    String given = ask(question);
    if (!given.equals(answer)) {
      throw wrong(question, given, answer);
    }
  }

  /** As {@link #expect}; returns how long the answer took, in seconds. */
  double time(String question, String answer) throws IOException {
    long start = System.nanoTime();
    expect(question, answer);
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
