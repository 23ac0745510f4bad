package io.tardigrade.bench;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A guest's client outside its host: asks on one connection again and again, and where that is
 * silent tries new ones beside it, so that TCP's long pauses between repetitions do not hide when
 * the guest answered first. Its measure is the longest time without any reply.
 */
final class ReplyWatch implements Closeable {
  private static final long OPEN_PAUSE_MILLIS = 500;
  private static final long SILENT_MILLIS = 2000;
  private static final int PROBE_MILLIS_MAX = 3000;
  private static final long PROBE_PAUSE_MILLIS = 100;

  /** Probes of a client that asks rarely, so that others can ask as well, are as much rarer. */
  private static final long PROBES_PER_QUESTION = 5;

  private static final String QUESTION = "d 1";
  private static final String ANSWER = "ok";

  private final String address;
  private @Nullable LineClient kept;
  private long replies;
  private long keptReplies;
  private long lastNanos = System.nanoTime();
  private long longestNanos;
  private long askMillis;
  private boolean rests;
  private boolean closed;
  private @Nullable IOException keptFailure;

  /** Of the worker program at this address; probes it until a connection is open that is kept. */
  ReplyWatch(String address) {
    this.address = address;
    Thread.ofPlatform().daemon().name("bench-probe").start(this::probe);
  }

  /**
   * Opens the connection that is kept; waits until the guest answers.
   *
   * @param millis between a reply and the next question: an emulated host has to get on with other
   *     things as well
   */
  void open(long millis, long nanosMax) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + nanosMax;
    LineClient client = null;
    while (client == null) {
      try {
        client = LineClient.worker(address);
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("the guest at " + address + " does not answer: " + e.getMessage());
        }
        Thread.sleep(OPEN_PAUSE_MILLIS);
      }
    }
    synchronized (this) {
      kept = client;
      askMillis = millis;
      rests = false;
      keptFailure = null;
      keptReplies = 0;
    }
    replied(true);
    LineClient opened = client;
    Thread.ofPlatform().daemon().name("bench-client").start(() -> ask(opened));
  }

  private void ask(LineClient client) {
    try {
      while (isKept(client)) {
        client.expect(QUESTION, ANSWER);
        replied(true);
        Thread.sleep(askMillis());
      }
    } catch (IOException e) {
      synchronized (this) {
        keptFailure = e;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isKept(LineClient client) {
    return kept == client;
  }

  private void probe() {
    try {
      while (!isClosed()) {
        Thread.sleep(Math.max(PROBE_PAUSE_MILLIS, askMillis() / PROBES_PER_QUESTION));
        if (isTooSilent()) {
          probeOnce();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void probeOnce() {
    try (LineClient _ =
        LineClient.open(address, LineClient.WORKER_PORT, QUESTION, ANSWER, PROBE_MILLIS_MAX)) {
      replied(false);
    } catch (IOException e) {
      // It is down, which is what is being measured.
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized long askMillis() {
    return askMillis;
  }

  private synchronized boolean isTooSilent() {
    return !rests
        && System.nanoTime() - lastNanos > TimeUnit.MILLISECONDS.toNanos(askMillis + SILENT_MILLIS);
  }

  private synchronized void replied(boolean onKept) {
    long now = System.nanoTime();
    longestNanos = Math.max(longestNanos, now - lastNanos);
    lastNanos = now;
    replies++;
    keptReplies += onKept ? 1 : 0;
    notifyAll();
  }

  /** Measures anew from now on. */
  synchronized void reset() {
    longestNanos = 0;
    lastNanos = System.nanoTime();
  }

  /** The longest time without a reply, in seconds. */
  synchronized double longestSilenceSeconds() {
    return longestNanos / 1e9;
  }

  /** Waits for a reply on any connection that comes after {@link #reset} and a silence. */
  synchronized void awaitReply(long nanosMax) throws IOException, InterruptedException {
    awaitCount(replies + 1, false, nanosMax);
  }

  /** Waits for a reply on the connection that was kept. */
  synchronized void awaitKept(long nanosMax) throws IOException, InterruptedException {
    awaitCount(keptReplies + 1, true, nanosMax);
  }

  private synchronized void awaitCount(long goal, boolean onKept, long nanosMax)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + nanosMax;
    while ((onKept ? keptReplies : replies) < goal) {
      IOException failure = keptFailure;
      if (onKept && failure != null) {
        throw new IOException(
            "the connection to the guest at " + address + " broke: " + failure.getMessage(),
            failure);
      }
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (leftMillis <= 0) {
        throw new IOException("the guest at " + address + " does not answer any more");
      }
      wait(leftMillis);
    }
  }

  /** Lets go of the connection that was kept; probing goes on. */
  void drop() throws IOException {
    LineClient client;
    synchronized (this) {
      client = kept;
      kept = null;
    }
    if (client != null) {
      client.close();
    }
  }

  /** As {@link #drop}, and asks nothing at all until a connection is kept again. */
  void rest() throws IOException {
    synchronized (this) {
      rests = true;
    }
    drop();
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      closed = true;
    }
    drop();
  }
}
