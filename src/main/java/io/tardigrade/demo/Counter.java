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
  private static final int REDIS_PORT = 6379;
  private static final long POLL_MILLIS = 50;
  private static final int PROBE_MILLIS_MAX = 20_000;

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

  /**
   * Connects to the redis at {@code address} once that answers, on a connection of its own: those
   * that only ask for life are thrown away.
   *
   * @param connectNanosMax how long it may take to answer at all
   * @param answerMillisMax how long an answer may take before the connection counts as lost
   */
  static Counter connect(String address, long connectNanosMax, int answerMillisMax)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + connectNanosMax;
    int probeMillisMax = Math.min(answerMillisMax, PROBE_MILLIS_MAX);
    while (true) {
      try (RedisConnection probe = new RedisConnection(address, REDIS_PORT, probeMillisMax)) {
        probe.ping();
        break;
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException(
              "redis in the demo's guest does not answer at " + address + ": " + e.getMessage(), e);
        }
        Thread.sleep(POLL_MILLIS);
      }
    }
    return new Counter(new RedisConnection(address, REDIS_PORT, answerMillisMax));
  }

  /** Waits for {@code more} answers, which must come in time on this connection. */
  void awaitAnswers(long more, long timeoutNanos, String when)
      throws IOException, InterruptedException {
    if (!await(more, timeoutNanos)) {
      throw new IOException(
          "the client lost its connection or got no answers "
              + when
              + failure().map(e -> ": " + e.getMessage()).orElse(""));
    }
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
