package io.tardigrade.replication;

import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;

/**
 * The initial synchronisation of a backup, which asks for one range of units after the other; the
 * primary answers with those that differ, as they are in its base at that moment. Epochs captured
 * since the first answer are shipped as to any backup, and put above.
 *
 * <p>A unit may thus be newer than the base here; it is exact once the base has caught up with the
 * newest epoch from which a unit came. A unit may never be older: the base may already have what
 * overwrote it.
 */
final class Synchronisation {
  private final String primary;
  private final Member member;
  private final long attachment;
  private long cursor;
  private long newestVersionEpoch = -1;
  private long askedNanos;

  Synchronisation(Member member, String primary, long attachment) {
    this.member = member;
    this.primary = primary;
    this.attachment = attachment;
    member.ports().store().startSync();
  }

  long unitsDone() {
    return cursor;
  }

  boolean hasBase() {
    return newestVersionEpoch >= 0;
  }

  private int count() {
    return (int) Math.min(store().unitsAtOnce(), store().units() - cursor);
  }

  private MemberStore store() {
    return member.ports().store();
  }

  void ask(long view, long nowNanos) {
    if (cursor == store().units()) {
      return;
    }
    askedNanos = nowNanos;
    member
        .ports()
        .links()
        .send(
            primary,
            new SyncRequest(
                view,
                attachment,
                member.identity().run(),
                cursor,
                count(),
                store().digests(cursor, count())));
  }

  void tick(long view, long nowNanos) {
    if (nowNanos - askedNanos > Timeouts.RESEND_NANOS) {
      ask(view, nowNanos);
    }
  }

  /** Whether the units were of use. */
  boolean take(SyncUnits units, long nowNanos) throws StoreFullException, WireException {
    if (cursor == store().units() || units.first() != cursor || units.count() != count()) {
      return false;
    }
    long version = units.version().epoch();
    if (hasBase() && !member.rules().mayPlace(version, store().base().epoch())) {
      return false;
    }
    store().place(units.payload());
    if (!hasBase()) {
      store().rebase(units.version());
    }
    newestVersionEpoch = Math.max(newestVersionEpoch, version);
    cursor += units.count();
    ask(units.view(), nowNanos);
    return true;
  }

  boolean isDone() {
    return hasBase()
        && cursor == store().units()
        && member.rules().isSynchronised(newestVersionEpoch, store().base().epoch());
  }
}
