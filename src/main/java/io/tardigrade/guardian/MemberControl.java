package io.tardigrade.guardian;

import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.GuestControl;
import io.tardigrade.replication.StoreFullException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The guest as its member sees it: turns the member's calls into a {@link Reign} for the main
 * thread. Called by the member's thread alone.
 */
final class MemberControl implements GuestControl {
  /** Far more than the main thread needs to notice that its hypervisor is killed. */
  private static final long LEAVE_MILLIS_MAX = 20_000;

  private static final double NANOS = 1e9;

  private final ReplicaStore store;
  private final Heard heard;
  private final Consumer<Reign> orders;
  private @Nullable Reign reign;
  private long preparedNanos;
  private PredecessorLoss cause;

  /** What the guardian knows of who ran the guest until now. */
  interface Heard {
    /** When anything was last heard of whoever leads, on the monotonic clock; 0 for never. */
    long lastNanos();

    /** Why this host is to lead. */
    PredecessorLoss why(Instant since);
  }

  /**
   * @param orders takes each reign as it begins, for the main thread
   */
  MemberControl(ReplicaStore store, Heard heard, Consumer<Reign> orders) {
    this.store = store;
    this.heard = heard;
    this.orders = orders;
    this.cause = new PredecessorLoss("", "", Instant.EPOCH);
  }

  @Override
  public void prepare(EpochId from) {
    long now = System.nanoTime();
    preparedNanos = now;
    long last = heard.lastNanos();
    cause = heard.why(Instant.now().minusNanos(last == 0 ? 0 : now - last));
  }

  @Override
  public void run(EpochId from) {
    long beginNanos = System.nanoTime();
    long last = heard.lastNanos();
    try {
      store.bringToNewest();
    } catch (StoreFullException e) {
      throw new IllegalStateException("no room to run the guest: " + e.getMessage(), e);
    }
    Map<String, Double> phases = new LinkedHashMap<>();
    if (last != 0) {
      phases.put("silence", (preparedNanos - last) / NANOS);
    }
    phases.put("view", (beginNanos - preparedNanos) / NANOS);
    phases.put("newest epoch", (System.nanoTime() - beginNanos) / NANOS);
    Reign begun =
        new Reign(
            from,
            new PredecessorLoss(cause.cause(), cause.description(), cause.diedAt(), null, phases));
    reign = begun;
    orders.accept(begun);
  }

  @Override
  public void release(EpochId upTo) {
    ReplicaCommitter commits = reign == null ? null : reign.commits();
    if (commits != null) {
      commits.released(upTo);
    }
  }

  @Override
  public void freeze() {
    if (reign != null) {
      reign.freeze(true);
    }
  }

  @Override
  public void thaw() {
    if (reign != null) {
      reign.freeze(false);
    }
  }

  @Override
  public void discard() {
    Reign ending = reign;
    reign = null;
    if (ending == null) {
      return;
    }
    if (!ending.end(LEAVE_MILLIS_MAX)) {
      throw new IllegalStateException("the guest's main thread does not leave it");
    }
    store.endRun();
  }
}
