package io.tardigrade.demo;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client that counts as fast as the server answers, on a thread of its own and on one connection,
 * and remembers how long it had to wait.
 */
final class Counter implements Closeable {
  private static final String KEY = "counter";

  private final RedisConnection connection;
  private final Thread thread;
  private final Count count = new Count();
  private boolean stopped;
  private long longestWaitNanos;
  private long askedNanos;
  private @Nullable IOException failure;

  /** What a client has seen. */
  record Seen(long acknowledged, long last, long missing, long repeated) {}

  Counter(RedisConnection connection) {
    this.connection = connection;
    this.askedNanos = System.nanoTime();
    this.thread = Thread.ofPlatform().daemon().name("counter").start(this::count);
  }

  private void count() {
    try {
      while (ask()) {
        long value = connection.increment(KEY);
        answered(value);
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  private synchronized boolean ask() {
    askedNanos = System.nanoTime();
    return !stopped;
  }

  private synchronized void answered(long value) {
    longestWaitNanos = Math.max(longestWaitNanos, System.nanoTime() - askedNanos);
    count.answer(value);
    notifyAll();
  }

  private synchronized void fail(IOException e) {
    if (!stopped) {
      failure = e;
    }
    notifyAll();
  }

  /** Starts measuring the longest wait anew. */
  synchronized void resetWait() {
    longestWaitNanos = 0;
  }

  /** The longest wait since it was last reset, also one that goes on. */
  synchronized double longestWaitSeconds() {
    return Math.max(longestWaitNanos, System.nanoTime() - askedNanos) / 1e9;
  }

  synchronized Seen seen() {
    return new Seen(count.acknowledged(), count.last(), count.missing(), count.repeated());
  }

  /** Why the connection was lost, if it was. */
  synchronized Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * Waits for {@code more} answers.
   *
   * @return false where they did not come in time, or the connection was lost
   */
  synchronized boolean await(long more, long timeoutNanos) throws InterruptedException {
    long goal = count.acknowledged() + more;
    long deadline = System.nanoTime() + timeoutNanos;
    while (failure == null && count.acknowledged() < goal) {
      long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        return false;
      }
      wait(leftMillis);
    }
    return failure == null;
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
