package io.tardigrade.links;

import io.tardigrade.replication.Message;
import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import io.tardigrade.replication.WireFormat;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Messages that wait for a stream, as bytes, so that nobody's payload is needed any longer.
 * Bounded: what is full loses a message, as a link may. Short messages go first, for a host that
 * waits for a beat behind megabytes of pages would take its primary for dead. Any thread.
 */
final class Outbox {
  /** Beats, reports and the like; the oldest are lost. */
  static final int SHORT_MAX = 64;

  /** Pages and digests, what is on its way to one host at most; the newest are lost. */
  static final long LONG_BYTES_MAX = 8L << 20;

  private final Deque<ByteBuffer> shortOnes = new ArrayDeque<>();
  private final Deque<ByteBuffer> longOnes = new ArrayDeque<>();
  private long longBytes;
  private boolean closed;

  /** Keeps it or loses it; never waits. */
  void put(Message message) {
    boolean isLong =
        switch (message) {
          case Part _, SyncRequest _, SyncUnits _ -> true;
          case Beat _, Report _, Newer _ -> false;
        };
    if (isLong && longBytes() >= LONG_BYTES_MAX) {
      return;
    }
    ByteBuffer bytes = WireFormat.encode(message);
    synchronized (this) {
      if (closed) {
        return;
      }
      if (isLong) {
        longOnes.addLast(bytes);
        longBytes += bytes.remaining();
      } else {
        shortOnes.addLast(bytes);
        if (shortOnes.size() > SHORT_MAX) {
          shortOnes.removeFirst();
        }
      }
      notifyAll();
    }
  }

  synchronized long longBytes() {
    return longBytes;
  }

  /** The next message, waited for so long at most; null where there is none, or it is closed. */
  synchronized @Nullable ByteBuffer take(long millisMax) throws InterruptedException {
    long endNanos = System.nanoTime() + millisMax * 1_000_000;
    while (!closed && shortOnes.isEmpty() && longOnes.isEmpty()) {
      long millis = (endNanos - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return null;
      }
      wait(millis);
    }
    ByteBuffer next = shortOnes.pollFirst();
    if (next == null) {
      next = longOnes.pollFirst();
      longBytes -= next == null ? 0 : next.remaining();
    }
    return next;
  }

  /** Loses all. */
  synchronized void clear() {
    shortOnes.clear();
    longOnes.clear();
    longBytes = 0;
  }

  /** Loses all, takes nothing more, and wakes whoever waits. */
  synchronized void close() {
    closed = true;
    clear();
    notifyAll();
  }
}
