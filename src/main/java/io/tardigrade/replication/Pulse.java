package io.tardigrade.replication;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Report;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Lets others know that a member lives while it is busy with something long, such as a large epoch:
 * what it said last is said again, with the stamp of now. A busy member is slow, not lost, and a
 * takeover would only have the next one do the same work.
 *
 * <p>That is safe, for it adds nothing to what was said but the stamp, which proves no more than
 * that the process runs; and any message may come late and twice. A member whose thread is not seen
 * to compute, for it waits for a disk or is stuck, falls silent after {@link
 * Timeouts#BUSY_NANOS_MAX}; one that computes without an end after {@link Timeouts#WORK_NANOS_MAX}.
 *
 * <pre>
 *   member ── begins(now) … ends ──┐
 *   member's messages ── send ─────┼─▶ look(now), every beat ─▶ the same again, while it is busy
 *   beats of a primary ── heard ───┘
 * </pre>
 *
 * <p>Any thread; time is the member's clock.
 */
public final class Pulse implements Links {
  private static final long IDLE = Long.MAX_VALUE;

  private final Links links;
  private final Map<String, Said> said = new HashMap<>();
  private final Map<String, Beat> heard = new HashMap<>();
  private final LongSupplier ran;
  private long busySinceNanos = IDLE;
  private long ranNanos;
  private long computedAtNanos;

  /** What was said last to a host, and when that piece of work began. */
  private record Said(Message message, long sinceNanos) {}

  /**
   * Says all over these links.
   *
   * @param ran how long the member's thread has computed so far, in nanoseconds; asked at each
   *     {@link #look} while the member is busy
   */
  public Pulse(Links links, LongSupplier ran) {
    this.links = links;
    this.ran = ran;
  }

  /** The member begins something. */
  public synchronized void begins(long nowNanos) {
    busySinceNanos = nowNanos;
    computedAtNanos = nowNanos;
  }

  /** The member is done with it. */
  public synchronized void ends() {
    busySinceNanos = IDLE;
  }

  /** A beat has come, which the member may not have seen yet. */
  public synchronized void heard(String from, Beat beat) {
    heard.merge(from, beat, (was, now) -> isNewer(now, was) ? now : was);
  }

  private static boolean isNewer(Beat beat, Beat than) {
    return !isOfOne(beat, than.view(), than.attachment())
        || beat.stampNanos() - than.stampNanos() > 0;
  }

  private static boolean isOfOne(Beat beat, long view, long attachment) {
    return beat.view() == view && beat.attachment() == attachment;
  }

  @Override
  public void send(String host, Message message) {
    links.send(host, remember(host, message));
  }

  private synchronized Message remember(String host, Message message) {
    Message latest =
        switch (message) {
          case Beat beat -> beat;
          case Report report -> answering(host, report);
          default -> null;
        };
    if (latest == null) {
      return message;
    }
    // A primary and a backup are not both of one member: the other is what it was before.
    said.values().removeIf(other -> other.message().getClass() != latest.getClass());
    said.put(host, new Said(latest, busySinceNanos));
    return latest;
  }

  /** The report, as an answer to the newest beat of its attachment. */
  private Report answering(String host, Report report) {
    Beat newest = heard.get(host);
    if (newest == null
        || !isOfOne(newest, report.view(), report.attachment())
        || newest.stampNanos() - report.echoNanos() <= 0) {
      return report;
    }
    return new Report(
        report.view(),
        report.attachment(),
        report.run(),
        report.held(),
        report.parts(),
        report.condition(),
        report.unitsDone(),
        newest.stampNanos());
  }

  /** To be called every {@link Timeouts#BEAT_NANOS}, whatever the member does. */
  public void look(long nowNanos) {
    again(nowNanos).forEach(links::send);
  }

  private boolean getsSomewhere(long nowNanos) {
    long now = ran.getAsLong();
    if (now != ranNanos) {
      ranNanos = now;
      computedAtNanos = nowNanos;
    }
    return nowNanos - computedAtNanos <= Timeouts.BUSY_NANOS_MAX
        && nowNanos - busySinceNanos <= Timeouts.WORK_NANOS_MAX;
  }

  private synchronized Map<String, Message> again(long nowNanos) {
    Map<String, Message> due = new HashMap<>();
    long busyNanos = busySinceNanos == IDLE ? 0 : nowNanos - busySinceNanos;
    if (busyNanos < Timeouts.BEAT_NANOS || !getsSomewhere(nowNanos)) {
      return due;
    }
    said.forEach((host, last) -> {
      // Who was not spoken to lately is none of those that it speaks to.
      if (busySinceNanos - last.sinceNanos() > Timeouts.GAP_NANOS_MAX) {
        return;
      }
      switch (last.message()) {
        case Beat beat ->
            due.put(host, new Beat(beat.leads(), beat.attachment(), beat.committed(), nowNanos));
        case Report report -> {
          Report now = answering(host, report);
          if (now.echoNanos() != report.echoNanos()) {
            due.put(host, now);
          }
        }
        default -> {}
      }
    });
    return due;
  }
}
