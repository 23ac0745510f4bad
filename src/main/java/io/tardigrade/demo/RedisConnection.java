package io.tardigrade.demo;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * One TCP connection to a redis server, never opened again. Only what the demo needs of its
 * protocol:
 *
 * <pre>
 *   request   "INCR counter\r\n"                  an inline command
 *   answer    ":" digits "\r\n"                   an integer
 *             "+" text "\r\n"                     a word
 *             "-" text "\r\n"                     an error
 * </pre>
 */
final class RedisConnection implements Closeable {
  private static final int LINE_BYTES_MAX = 512;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /**
   * Connects.
   *
   * @param answerMillisMax how long an answer may take before the connection counts as lost
   */
  RedisConnection(String address, int port, int answerMillisMax) throws IOException {
    this.socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(answerMillisMax);
      socket.connect(new InetSocketAddress(address, port), answerMillisMax);
      this.in = socket.getInputStream();
      this.out = socket.getOutputStream();
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Adds one to a number kept by the server; returns the new one. */
  long increment(String key) throws IOException {
    String answer = ask("INCR " + key);
    if (!answer.matches(":\\d{1,18}")) {
      throw new IOException("the server answered '" + answer + "' to INCR, expected a number");
    }
    return Long.parseLong(answer.substring(1));
  }

  /** Asks for a sign of life. */
  void ping() throws IOException {
    String answer = ask("PING");
    if (!answer.equals("+PONG")) {
      throw new IOException("the server answered '" + answer + "' to PING, expected +PONG");
    }
  }

  private String ask(String command) throws IOException {
    out.write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
    StringBuilder line = new StringBuilder();
    while (line.length() < LINE_BYTES_MAX) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (b == '\n') {
        return line.toString().stripTrailing();
      }
      line.append((char) b);
    }
    throw new IOException("the server answered a line of more than " + LINE_BYTES_MAX + " bytes");
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
