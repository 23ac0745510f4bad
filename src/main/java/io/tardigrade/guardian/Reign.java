package io.tardigrade.guardian;

import io.tardigrade.replication.EpochId;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time in which this host runs a replicated guest, from its member's order to run it until the
 * guest is taken from it or ends. Begun and ended by the member's thread, served by the main
 * thread.
 */
final class Reign {
  private final EpochId from;
  private final PredecessorLoss before;
  private final CountDownLatch left = new CountDownLatch(1);
  private @Nullable Guardian guardian;
  private @Nullable ReplicaCommitter commits;
  private boolean over;
  private volatile boolean frozen;

  /**
   * @param from the epoch that the store's contents are at
   * @param before what became of whoever ran the guest
   */
  Reign(EpochId from, PredecessorLoss before) {
    this.from = from;
    this.before = before;
  }

  EpochId from() {
    return from;
  }

  PredecessorLoss before() {
    return before;
  }

  /** The main thread serves it with these from now on. */
  synchronized void serve(Guardian by, ReplicaCommitter with) {
    guardian = by;
    commits = with;
    if (over) {
      with.end();
    }
  }

  synchronized boolean isOver() {
    return over;
  }

  synchronized @Nullable Guardian guardian() {
    return guardian;
  }

  synchronized @Nullable ReplicaCommitter commits() {
    return commits;
  }

  /** A last checkpoint is to be taken; it stands still, or need not any longer. */
  void freeze(boolean wanted) {
    frozen = wanted;
    Guardian by = guardian();
    if (by != null) {
      by.lastCheckpoint(wanted);
    }
  }

  boolean isFrozen() {
    return frozen;
  }

  /**
   * The guest is taken from this host: its hypervisor is killed, nothing it said is let out.
   * Returns whether the main thread has left it, so that nothing of its store is touched any more.
   */
  boolean end(long millisMax) {
    Guardian by;
    synchronized (this) {
      over = true;
      by = guardian;
      if (commits != null) {
        commits.end();
      }
    }
    if (by != null) {
      by.killInstance();
    }
    try {
      return left.await(millisMax, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The main thread touches nothing of it any more. */
  void left() {
    left.countDown();
  }
}
