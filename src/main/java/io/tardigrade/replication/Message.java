package io.tardigrade.replication;

import java.nio.ByteBuffer;

/**
 * What members of a guest say to each other. Every message names its sender's view; whoever knows a
 * newer one refuses it with {@link Newer}. Any of them may be lost, late, doubled or out of order.
 *
 * <p>An <i>attachment</i> is the primary's number for what it and one backup know of each other. It
 * begins anew when the backup is invited, when either starts again, and with each reign; what
 * belongs to an earlier one is ignored. Payloads are read-only, and their position is never moved.
 */
public sealed interface Message {
  /** The number of the sender's view. */
  long view();

  /** How a backup is. */
  enum Condition {
    /** It holds all up to the epoch that it reports. */
    WHOLE,
    /** It is being synchronised. */
    SYNCING,
    /** It holds what it reports and has no room for more. */
    FULL
  }

  /**
   * Primary to backup, every {@link Timeouts#BEAT_NANOS} and when something commits: lives, leads
   * this view, invites those that are not in it to be synchronised.
   *
   * @param stampNanos the sender's clock; comes back in {@link Report}
   */
  record Beat(View leads, long attachment, EpochId committed, long stampNanos) implements Message {
    @Override
    public long view() {
      return leads.number();
    }
  }

  /**
   * Primary to backup: part of a captured epoch.
   *
   * @param parent the epoch before it in the primary's log
   * @param part from 0 on
   * @param parts how many there are; the last one seals the epoch
   */
  record Part(
      long view,
      long attachment,
      EpochId committed,
      EpochId id,
      EpochId parent,
      int part,
      int parts,
      ByteBuffer payload)
      implements Message {}

  /**
   * Backup to primary: the acknowledgement.
   *
   * @param run differs whenever the backup's process was started again
   * @param held the newest epoch of the primary's log up to which the backup holds all, sealed
   * @param parts how many parts of the one after it are staged
   * @param unitsDone how far a synchronisation is
   * @param echoNanos the stamp of the newest beat that came
   */
  record Report(
      long view,
      long attachment,
      long run,
      EpochId held,
      int parts,
      Condition condition,
      long unitsDone,
      long echoNanos)
      implements Message {}

  /**
   * Backup to primary: what a range of units holds here.
   *
   * @param digests {@link MemberStore#DIGEST_BYTES} for each unit; empty where nothing is kept
   */
  record SyncRequest(
      long view, long attachment, long run, long first, int count, ByteBuffer digests)
      implements Message {}

  /**
   * Primary to backup: those units of a requested range that differ, as they are at {@code
   * version}.
   *
   * @param run of the request: what differs, differs from what that run had
   */
  record SyncUnits(
      long view,
      long attachment,
      long run,
      EpochId version,
      long first,
      int count,
      ByteBuffer payload)
      implements Message {}

  /** To whom speaks of an older view: there is a newer one, ask the coordinator. */
  record Newer(long view) implements Message {}
}
