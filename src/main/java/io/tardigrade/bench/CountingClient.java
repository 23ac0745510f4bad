package io.tardigrade.bench;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts with INCR on one connection as fast as it is answered, and knows how long it had to wait.
 * A lost or repeated increment is a failure.
 */
final class CountingClient implements Closeable {
  private final LineClient connection;
  private final Thread thread;
  private long answers;
  private long askedNanos = System.nanoTime();
  private long longestWaitNanos;
  private boolean stopped;
  private @Nullable IOException failure;

  CountingClient(LineClient connection) {
    this.connection = connection;
    this.thread = Thread.ofPlatform().daemon().name("bench-counter").start(this::count);
  }

  private void count() {
    try {
      long last = 0;
      while (ask()) {
        long value = number(connection.ask("INCR bench"));
        if (last != 0 && value != last + 1) {
          throw new IOException("the guest counted from " + last + " to " + value);
        }
        last = value;
        answered();
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  private static long number(String answer) throws IOException {
    if (!answer.matches(":\\d{1,18}")) {
      throw new IOException("the guest answered '" + answer + "' to INCR, expected a number");
    }
    return Long.parseLong(answer.substring(1));
  }

  private synchronized boolean ask() {
    askedNanos = System.nanoTime();
    return !stopped;
  }

  private synchronized void answered() {
    longestWaitNanos = Math.max(longestWaitNanos, System.nanoTime() - askedNanos);
    answers++;
    notifyAll();
  }

  private synchronized void fail(IOException e) {
    if (!stopped) {
      failure = e;
    }
    notifyAll();
  }

  synchronized void resetWait() {
    longestWaitNanos = 0;
  }

  /** The longest wait for an answer since the last reset, in seconds. */
  synchronized double longestWaitSeconds() {
    return longestWaitNanos / 1e9;
  }

  /** How long ago the last answer came, in seconds; the next question was asked at once. */
  synchronized double sinceLastAnswerSeconds() {
    return (System.nanoTime() - askedNanos) / 1e9;
  }

  /** Waits for more answers. */
  synchronized void await(long more) throws IOException, InterruptedException {
    long goal = answers + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (answers < goal) {
      if (failure != null) {
        throw new IOException("the client on one connection: " + failure.getMessage(), failure);
      }
      long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        throw new IOException("the guest did not answer for 60 s");
      }
      wait(leftMillis);
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      stopped = true;
    }
    connection.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
