package io.tardigrade.replication;

import io.tardigrade.replication.Message.Condition;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The decisions on which safety rests, each in one place. What they protect:
 *
 * <ol>
 *   <li>No frame leaves unless its epoch is held by every member that could become primary.
 *   <li>At most one lineage of epochs is ever visible to clients.
 *   <li>A committed epoch survives any failures that leave one member of its view.
 * </ol>
 *
 * <p>Stateless. The tests replace each of them by a wrong one, which the simulator must notice.
 */
public class Rules {
  /** Whether a message of view {@code theirs} is read by who knows view {@code own}. */
  public boolean accepts(long own, long theirs) {
    return theirs >= own;
  }

  /**
   * Whether a host that was started again listens to primaries yet. Until it knows a view it does
   * not: one that has long been replaced could lead it astray from what it acknowledged.
   */
  public boolean mayListen(View known) {
    return known.number() > 0;
  }

  /** Whether a message belongs to what the two now know of each other. */
  public boolean isCurrent(long ownAttachment, long theirs) {
    return theirs == ownAttachment;
  }

  /**
   * Whether a backup goes on acknowledging. From the moment it has proposed a view of its own it
   * does not: what it takes over is settled then.
   */
  public boolean acknowledges(boolean proposed) {
    return !proposed;
  }

  /** Whether an epoch is complete, to be sealed and acknowledged, with this part. */
  public boolean completes(int part, int parts) {
    return part == parts - 1;
  }

  /** Whether an epoch may be appended: only to the one that was before it on the primary. */
  public boolean follows(boolean parentIsHeld) {
    return parentIsHeld;
  }

  /** Whether {@code host} may propose to lead. */
  public boolean mayLead(View view, String host, boolean whole) {
    return whole && view.hasMember(host);
  }

  /** The epoch at which a new reign begins: the newest sealed one, for it may have committed. */
  public EpochId resumesFrom(EpochId base, List<EpochId> tail) {
    return tail.isEmpty() ? base : tail.getLast();
  }

  /** Whether a proposal has come through, seeing the view that is stored. */
  public boolean isWon(View proposal, View stored) {
    return stored.equals(proposal);
  }

  /** Whether a primary that was started again needs a new view before it runs the guest. */
  public boolean needsNewReign(View view) {
    return view.number() > 0;
  }

  /**
   * Hosts besides the primary that must hold an epoch before it commits. While a proposal is on its
   * way nobody knows which of the two views is stored, so it is all of both.
   */
  public Set<String> holdersNeeded(View view, View proposal) {
    Set<String> needed = new LinkedHashSet<>(view.backups());
    needed.addAll(proposal.backups());
    needed.add(proposal.primary());
    needed.remove(view.primary());
    return needed;
  }

  /**
   * Whether an epoch is committed.
   *
   * @param position its place in the primary's log
   * @param held up to which place each that must hold it does
   */
  public boolean isCommitted(long position, Collection<Long> held) {
    return held.stream().allMatch(h -> h >= position);
  }

  /** The newest epoch whose output may leave. */
  public EpochId releases(EpochId committed, EpochId captured) {
    return committed;
  }

  /** Whether another epoch may be captured while these wait to be held everywhere. */
  public boolean mayCapture(int records, long bytes) {
    return records < Timeouts.RECORDS_MAX && bytes < Timeouts.RECORD_BYTES_MAX;
  }

  /**
   * Whether a synchronised host may be proposed as a backup.
   *
   * @param committed up to where the primary knows the log to be committed
   * @param inherited what the log held when the reign began: any of it may have committed before
   */
  public boolean mayAdd(Condition condition, long held, long committed, long inherited) {
    return condition == Condition.WHOLE && held >= Math.max(committed, inherited);
  }

  /**
   * Whether a host outside the view may go on from what it holds. Where its contents are past what
   * is committed, it may have to give them up for another lineage, and as a member it must not.
   */
  public boolean mayJoin(boolean contentsAreCommitted) {
    return contentsAreCommitted;
  }

  /**
   * The epoch as of which units are handed out: what they are, also where a new reign brought them
   * beyond what it knows to be committed.
   */
  public EpochId version(EpochId committed, EpochId contents) {
    return contents;
  }

  /** Whether units as they were at one epoch may be put over a base at another. */
  public boolean mayPlace(long versionEpoch, long baseEpoch) {
    return versionEpoch >= baseEpoch;
  }

  /** Whether a base is exact, whose units came from epochs up to this. */
  public boolean isSynchronised(long newestVersionEpoch, long baseEpoch) {
    return baseEpoch >= newestVersionEpoch;
  }
}
