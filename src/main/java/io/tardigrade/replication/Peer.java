package io.tardigrade.replication;

import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Report;

/** What a primary knows of one backup, or of a host that is being synchronised. */
final class Peer {
  final String host;
  final long attachment;

  /** Whether it has said anything in this attachment. */
  boolean heard;

  long run;
  Condition condition = Condition.WHOLE;

  /** Up to here of the log it holds all; -1 while that is not known. */
  long held = -1;

  int heldParts;

  /** From here on the log is kept for it while it is synchronised; -1 where it is not. */
  long start = -1;

  /** The log does not hold what it says it holds. */
  boolean strange;

  /** How far its synchronisation is. */
  long unitsDone;

  private long next;
  private int nextPart;
  private long progressNanos;
  private long stampNanos;

  Peer(String host, long attachment, long nowNanos) {
    this.host = host;
    this.attachment = attachment;
    this.stampNanos = nowNanos;
    this.progressNanos = nowNanos;
  }

  /** For how long no beat was answered. */
  long silenceNanos(long nowNanos) {
    return nowNanos - stampNanos;
  }

  /** The primary itself stood still: nobody else is to blame. */
  void excuse(long nowNanos) {
    stampNanos = nowNanos;
  }

  /**
   * Takes a report.
   *
   * @param position of the epoch that it holds, -1 where that is not in the log
   * @param parts of the one after it, fewer than that has
   */
  void take(Report report, long position, int parts, long nowNanos) {
    stampNanos = Math.max(stampNanos, Math.min(report.echoNanos(), nowNanos));
    condition = report.condition();
    unitsDone = report.unitsDone();
    if (position < 0) {
      // What was known once is behind the log where it comes late.
      strange = held < 0 && report.condition() != Condition.SYNCING;
      return;
    }
    boolean known = held >= 0;
    if (position > held || (position == held && parts > heldParts)) {
      held = position;
      heldParts = parts;
      progressNanos = nowNanos;
    }
    if (!known || next <= held || (next == held + 1 && nextPart < heldParts)) {
      rewind();
    }
  }

  private void rewind() {
    next = held + 1;
    nextPart = heldParts;
  }

  /** Sends again what made no progress, from its first part on: staged parts may be lost. */
  void rewindIfStuck(long nowNanos) {
    if (held >= 0 && nowNanos - progressNanos > Timeouts.RESEND_NANOS) {
      heldParts = 0;
      rewind();
      progressNanos = nowNanos;
    }
  }

  /** The position of the epoch to send a part of now, or -1. */
  long nextToSend(ShippedLog log) {
    if (held < 0 || next > log.newest() || inFlight(log) >= Timeouts.PARTS_IN_FLIGHT_MAX) {
      return -1;
    }
    return next;
  }

  private int inFlight(ShippedLog log) {
    int parts = nextPart - heldParts;
    for (long position = held + 1; position < next; position++) {
      parts += log.entry(position).parts();
    }
    return parts;
  }

  /** The part to send; the next one follows. */
  int takePart(int parts, long nowNanos) {
    if (next == held + 1 && nextPart == heldParts) {
      progressNanos = nowNanos;
    }
    int part = nextPart++;
    if (nextPart == parts) {
      next++;
      nextPart = 0;
    }
    return part;
  }

  /** Up to here the log may be forgotten as far as it is concerned. */
  long needsAfter() {
    return held >= 0 ? held : start >= 0 ? start : Long.MAX_VALUE;
  }
}
