package io.tardigrade.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.ToLongFunction;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A client that counts as fast as it is answered, on a thread of its own and on one connection that
 * is never opened again. Every answer has to be one more than the one before; anything else, and a
 * connection lost, is a failure told by all methods.
 */
final class CountingClient implements AutoCloseable {
  private static final int ANSWER_MILLIS_MAX = 60_000;

  private final Socket socket;
  private final byte[] request;
  private final ToLongFunction<String> reader;
  private final Thread thread;
  private long first;
  private long last;
  private long longestWaitNanos;
  private boolean closing;
  private boolean resting;
  private @Nullable Throwable failure;

  private CountingClient(Socket socket, String request, ToLongFunction<String> reader) {
    this.socket = socket;
    this.request = request.getBytes(StandardCharsets.US_ASCII);
    this.reader = reader;
    this.thread = Thread.ofPlatform().daemon().name("counting").start(this::count);
  }

  /** With redis's INCR. */
  static CountingClient redis(String address, int port) {
    return new CountingClient(
        connect(address, port, "PING"),
        "INCR counter\r\n",
        answer -> Long.parseLong(answer.replaceFirst("^:", "")));
  }

  /** With the probe. */
  static CountingClient probe(String address, int port) {
    return new CountingClient(connect(address, port, "look"), "count\n", Long::parseLong);
  }

  /** What the probe tells of the records it appends to a new file, each after its fsync. */
  static CountingClient records(String address, String file) throws IOException {
    Socket socket = connect(address, Probe.PORT, "look");
    socket.getOutputStream().write(("records " + file + "\n").getBytes(StandardCharsets.US_ASCII));
    return new CountingClient(socket, "", Long::parseLong);
  }

  /** Connections are thrown away until the server answers on one; the one that counts is new. */
  private static Socket connect(String address, int port, String question) {
    Awaitility.await(address + ":" + port + " answers " + question)
        .atMost(Guest.PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> answers(address, port, question));
    try {
      return open(address, port, ANSWER_MILLIS_MAX);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean answers(String address, int port, String question) throws IOException {
    try (Socket socket = open(address, port, 3000)) {
      socket.getOutputStream().write((question + "\n").getBytes(StandardCharsets.US_ASCII));
      return socket.getInputStream().read() >= 0;
    }
  }

  private static Socket open(String address, int port, int millis) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(address, port), millis);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private void count() {
    try {
      OutputStream out = socket.getOutputStream();
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      while (true) {
        awaitRested();
        long asked = System.nanoTime();
        if (request.length > 0) {
          out.write(request);
        }
        String answer = in.readLine();
        if (answer == null) {
          throw new IOException("the server closed the connection");
        }
        answered(reader.applyAsLong(answer), System.nanoTime() - asked);
      }
    } catch (IOException | RuntimeException e) {
      fail(e);
    }
  }

  private synchronized void awaitRested() throws IOException {
    try {
      while (resting) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** Asks nothing more until told to go on; the connection stays. */
  synchronized void rest(boolean resting) {
    this.resting = resting;
    notifyAll();
  }

  private synchronized void answered(long value, long waitedNanos) throws IOException {
    if (last != 0 && value != last + 1) {
      throw new IOException("the counter went from " + last + " to " + value);
    }
    if (first == 0) {
      first = value;
    }
    last = value;
    longestWaitNanos = Math.max(longestWaitNanos, waitedNanos);
    notifyAll();
  }

  private synchronized void fail(Throwable e) {
    if (!closing) {
      failure = e;
    }
    notifyAll();
  }

  /** The newest number that was told. */
  synchronized long last() {
    check();
    return last;
  }

  /** Answers so far. */
  synchronized long answers() {
    check();
    return last == 0 ? 0 : last - first + 1;
  }

  /** The longest wait for an answer. */
  synchronized Duration longestWait() {
    return Duration.ofNanos(longestWaitNanos);
  }

  /** Forgets waits so far. */
  synchronized void resetWait() {
    longestWaitNanos = 0;
  }

  private void check() {
    Throwable e = failure;
    if (e != null) {
      throw new AssertionError("client at number " + last + ": " + e, e);
    }
  }

  /** Waits for so many more answers. */
  synchronized void await(long more) throws InterruptedException {
    long goal = last + more;
    long deadline = System.nanoTime() + Guest.PATIENCE.toNanos();
    while (last < goal) {
      check();
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("client waits at number " + last + " for " + goal);
      }
      wait(left);
    }
    check();
  }

  /** Ends; fails where anything was wrong. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      closing = true;
      rest(false);
    }
    socket.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      check();
    }
  }
}
