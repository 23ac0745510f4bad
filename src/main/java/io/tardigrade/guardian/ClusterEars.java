package io.tardigrade.guardian;

import io.tardigrade.cluster.MemberThread;
import io.tardigrade.links.Inbox;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.View;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Hears for a guest's member what other hosts and the coordination service say, and remembers what
 * tells afterwards why this host came to lead. Many threads.
 */
final class ClusterEars implements Inbox, MemberControl.Heard {
  private final String id;
  private final String self;
  private final @Nullable PredecessorLoss loss;
  private volatile @Nullable MemberThread member;
  private volatile long lastNanos;
  private volatile View newest = View.NONE;
  private volatile String otherPrimary = "";
  private volatile @Nullable String lostMemory;

  /**
   * @param loss of the guardian before this one on this host, or null
   */
  ClusterEars(String id, String self, @Nullable PredecessorLoss loss) {
    this.id = id;
    this.self = self;
    this.loss = loss;
  }

  /** Hears for this member from now on. */
  void hearFor(MemberThread of) {
    member = of;
  }

  @Override
  public boolean admits(String host, String guest) {
    return guest.equals(id) && member != null;
  }

  @Override
  public void take(String guest, String from, Message message) {
    MemberThread hearing = member;
    if (hearing == null) {
      return;
    }
    lastNanos = System.nanoTime();
    try {
      hearing.onMessage(from, message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A stored view. */
  void view(View stored) {
    View before = newest;
    if (stored.number() > before.number()) {
      if (!stored.primary().equals(self)) {
        otherPrimary = stored.primary();
      }
      newest = stored;
    }
    MemberThread hearing = member;
    if (hearing != null) {
      hearing.onView(stored);
    }
  }

  /** The hosts that there are. */
  void hosts(List<HostRoom> known) {
    MemberThread hearing = member;
    if (hearing == null) {
      return;
    }
    try {
      boolean _ =
          hearing
              .call(m -> {
                m.onHosts(known);
                return true;
              })
              .get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | CancellationException e) {
      // The member has ended; who ended it knows.
    }
  }

  @Override
  public long lastNanos() {
    return lastNanos;
  }

  /** No host holds the guest's memory any longer. */
  void bootsFromDisk(String reason) {
    lostMemory = reason;
  }

  /** By what is known of this host; others were lost at about the same time. */
  private Instant lostAt(Instant since) {
    return loss == null || loss.diedAt().isAfter(since) ? since : loss.diedAt();
  }

  @Override
  public PredecessorLoss why(Instant since) {
    View stored = newest;
    String lost = lostMemory;
    if (lost != null) {
      lostMemory = null;
      return new PredecessorLoss(PredecessorLoss.MEMORY_LOST, lost, lostAt(since));
    }
    if (!stored.primary().equals(self)) {
      return new PredecessorLoss(
          "host-lost", "host " + stored.primary() + ", which ran the guest, is silent", since);
    }
    if (!otherPrimary.isEmpty()) {
      return new PredecessorLoss(
          "switchover", "the guest was handed over by host " + otherPrimary, since);
    }
    return loss != null
        ? loss
        : new PredecessorLoss("replicated", "the guest is replicated from now on", Instant.now());
  }
}
