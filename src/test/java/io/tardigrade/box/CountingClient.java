package io.tardigrade.box;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Outside the host: counts on one connection to the redis server in a guest, on a thread of its
 * own, and accepts nothing but the number after the one before.
 */
final class CountingClient implements Closeable {
  private static final int PORT = 6379;
  private static final int ANSWER_MILLIS_MAX = 300_000;

  private final Socket socket = new Socket();
  private final Thread thread;
  private long last;
  private long lastNanos;
  private double longestSilenceSeconds;
  private String failure = "";
  private boolean closed;

  /** Connects and goes on from {@code counted}, which the server has to have counted to. */
  CountingClient(String address, long counted) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(ANSWER_MILLIS_MAX);
    socket.connect(new InetSocketAddress(address, PORT), ANSWER_MILLIS_MAX);
    this.last = counted;
    this.lastNanos = System.nanoTime();
    this.thread = Thread.ofPlatform().daemon().name("counting").start(this::count);
  }

  private void count() {
    try {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      OutputStream out = socket.getOutputStream();
      while (failure().isEmpty()) {
        out.write("INCR counter\r\n".getBytes(StandardCharsets.US_ASCII));
        answered(String.valueOf(in.readLine()));
      }
    } catch (IOException e) {
      fail(String.valueOf(e));
    }
  }

  private synchronized void answered(String line) {
    long now = System.nanoTime();
    longestSilenceSeconds = Math.max(longestSilenceSeconds, (now - lastNanos) / 1e9);
    lastNanos = now;
    if (line.equals(":" + (last + 1))) {
      last++;
    } else {
      fail("after " + last + " came " + line);
    }
    notifyAll();
  }

  private synchronized void fail(String why) {
    if (!closed && failure.isEmpty()) {
      failure = why;
    }
    notifyAll();
  }

  private synchronized String failure() {
    return failure;
  }

  /** The newest number it was told. */
  synchronized long told() {
    return last;
  }

  /** The longest wait for an answer. */
  synchronized double longestSilenceSeconds() {
    return longestSilenceSeconds;
  }

  /** Waits for {@code more} answers; fails where the count or the connection broke. */
  synchronized void await(long more, int secondsMax) throws InterruptedException {
    long goal = last + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsMax);
    while (failure.isEmpty() && last < goal) {
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (leftMillis <= 0) {
        throw new AssertionError("no " + more + " answers within " + secondsMax + " s");
      }
      wait(leftMillis);
    }
    if (!failure.isEmpty()) {
      throw new AssertionError(failure);
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      closed = true;
    }
    socket.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
