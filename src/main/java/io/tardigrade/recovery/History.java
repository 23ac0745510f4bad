package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.recovery.Decision.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the ladder did before, oldest first. Plain values, to be kept as JSON where a reset does not
 * reach them: <b>durably before</b> what was decided is done, or a crash in between would make the
 * ladder forget its limits. Bounded: of each list the newest {@link #ENTRIES_MAX}.
 */
public record History(
    List<Recycle> recycles, List<Diagnosis> diagnoses, List<Reset> resets, List<Advice> advices) {
  /** Beyond what any limit looks back to. */
  public static final int ENTRIES_MAX = 256;

  /** Nothing yet. */
  public static final History NONE = new History(List.of(), List.of(), List.of(), List.of());

  /** The cause of a reset that no ladder decided on. */
  public static final String OPERATOR = "asked for by an operator";

  /**
   * A service was recycled.
   *
   * @param service as {@link ServiceId#text}, or which guest was to run on its backup
   * @param helped whether its guest got on afterwards, so that what befalls it next is new
   */
  public record Recycle(String service, String cause, Moment at, boolean helped) {
    /** One of which nothing is known yet. */
    public Recycle(String service, String cause, Moment at) {
      this(service, cause, at, false);
    }
  }

  /**
   * Evidence was collected.
   *
   * @param kept whether the archive is complete and on disk; false until that is reported
   */
  public record Diagnosis(String cause, Moment at, boolean kept) {}

  /**
   * The operating system was reset.
   *
   * @param at when that began, in the old OS
   * @param ended when its end was reported, by the new OS where it came up; null until then
   */
  public record Reset(String cause, Moment at, Outcome outcome, @Nullable Moment ended) {
    /** Whether it may still come to its end. */
    boolean isUnderWay(Moment now) {
      return outcome == Outcome.PENDING && at.isWithin(Limits.RESET_DURATION_MAX_MILLIS, now);
    }

    /** Whether it failed, or nobody has reported its end. */
    boolean hasFailed(Moment now) {
      return outcome == Outcome.FAILED || (outcome == Outcome.PENDING && !isUnderWay(now));
    }
  }

  /** What became of a reset. */
  public enum Outcome {
    PENDING,
    DONE,
    /** The next kernel did not come up, or not all guests were resumed that should have been. */
    FAILED,
    /** It failed, and an operator has understood why. */
    ACKNOWLEDGED
  }

  /**
   * The operator was told.
   *
   * @param advice cause and summary
   */
  public record Advice(String advice, Moment at) {}

  public History {
    recycles = newest(recycles);
    diagnoses = newest(diagnoses);
    resets = newest(resets);
    advices = newest(advices);
  }

  private static <T> List<T> newest(List<T> entries) {
    return List.copyOf(entries.subList(Math.max(0, entries.size() - ENTRIES_MAX), entries.size()));
  }

  private static <T> List<T> with(List<T> entries, T entry) {
    List<T> longer = new ArrayList<>(entries);
    longer.add(entry);
    return longer;
  }

  /** The history once {@code decision} is about to be done. */
  public History after(Decision decision, Moment now) {
    return switch (decision.step()) {
      case NONE, WAIT -> this;
      case RECYCLE -> {
        List<Recycle> longer = new ArrayList<>(recycles);
        for (Target target : decision.targets()) {
          longer.add(new Recycle(target.service().text(), target.cause(), now));
        }
        yield new History(longer, diagnoses, resets, advices);
      }
      case SWITCH_OVER -> {
        List<Recycle> longer = new ArrayList<>(recycles);
        for (Target target : decision.targets()) {
          longer.add(new Recycle(switchover(target.service().guest()), target.cause(), now));
        }
        yield new History(longer, diagnoses, resets, advices);
      }
      case DIAGNOSE ->
          new History(
              recycles,
              with(diagnoses, new Diagnosis(decision.cause(), now, false)),
              resets,
              advices);
      case RESET ->
          new History(
              recycles,
              diagnoses,
              with(resets, new Reset(decision.cause(), now, Outcome.PENDING, null)),
              advices);
      case ADVISE ->
          new History(
              recycles,
              diagnoses,
              resets,
              with(advices, new Advice(adviceOf(decision.cause(), decision.summary()), now)));
    };
  }

  /** In place of a service: that a guest was to run on its backup. */
  private static String switchover(String guest) {
    return "switchover of " + guest;
  }

  List<Recycle> switchoversOf(String guest, long windowMillis, Moment now) {
    return matching(
        recycles,
        r ->
            r.service().equals(switchover(guest))
                && r.at().isOfThisBoot(now)
                && r.at().isWithin(windowMillis, now));
  }

  static String adviceOf(String cause, String summary) {
    return cause + ": " + summary;
  }

  /**
   * The guest of {@code service} has got on since that was recycled for its failing: the next
   * failure is another one, and is not made to wait for this one.
   */
  public History recovered(ServiceId service) {
    List<Recycle> changed =
        recycles.stream()
            .map(r ->
                r.service().equals(service.text()) && r.cause().startsWith(service.text() + " ")
                    ? new Recycle(r.service(), r.cause(), r.at(), true)
                    : r)
            .toList();
    return new History(changed, diagnoses, resets, advices);
  }

  /** The last diagnosis is complete and on disk. */
  public History diagnosisKept() {
    if (diagnoses.isEmpty()) {
      return this;
    }
    Diagnosis last = diagnoses.getLast();
    List<Diagnosis> changed = new ArrayList<>(diagnoses.subList(0, diagnoses.size() - 1));
    changed.add(new Diagnosis(last.cause(), last.at(), true));
    return new History(recycles, changed, resets, advices);
  }

  /** The last reset is over; {@code now} is of the OS that reports it. */
  public History resetEnded(boolean done, Moment now) {
    if (resets.isEmpty()) {
      return this;
    }
    Reset last = resets.getLast();
    List<Reset> changed = new ArrayList<>(resets.subList(0, resets.size() - 1));
    changed.add(new Reset(last.cause(), last.at(), done ? Outcome.DONE : Outcome.FAILED, now));
    return new History(recycles, diagnoses, changed, advices);
  }

  /**
   * The host came back from a panic or a watchdog's reset that nobody decided on: that counts as a
   * reset, or a host that panics again and again would be reset in between as well.
   *
   * @param now in the new OS
   */
  public History unplannedReset(String cause, Moment now) {
    return new History(
        recycles, diagnoses, with(resets, new Reset(cause, now, Outcome.DONE, now)), advices);
  }

  /**
   * An operator has replaced the operating system; whether that brought all guests back is still to
   * be seen. It uses up none of the ladder's limits, but where it fails the ladder resets no more.
   *
   * @param begun when, on the boot that was replaced
   */
  public History operatorReset(Moment begun) {
    return new History(
        recycles,
        diagnoses,
        with(resets, new Reset(OPERATOR, begun, Outcome.PENDING, null)),
        advices);
  }

  /** Whether the last reset ended an earlier OS, and nobody has told yet what came of it. */
  public boolean awaitsEndOfResetBefore(Moment now) {
    return !resets.isEmpty()
        && resets.getLast().outcome() == Outcome.PENDING
        && !resets.getLast().at().isOfThisBoot(now);
  }

  /** An operator has understood the resets that failed so far: they no longer stand in the way. */
  public History acknowledgedAt(Moment now) {
    List<Reset> changed =
        resets.stream()
            .map(r ->
                r.hasFailed(now)
                    ? new Reset(r.cause(), r.at(), Outcome.ACKNOWLEDGED, r.ended())
                    : r)
            .toList();
    return new History(recycles, diagnoses, changed, advices);
  }

  List<Recycle> recyclesOf(ServiceId service, long windowMillis, Moment now) {
    return matching(
        recycles, r -> r.service().equals(service.text()) && r.at().isWithin(windowMillis, now));
  }

  /** Of this boot only: a new OS, a new trial. */
  List<Recycle> recyclesFor(ServiceId service, String cause, long windowMillis, Moment now) {
    return matching(
        recyclesOf(service, windowMillis, now),
        r -> r.cause().equals(cause) && r.at().isOfThisBoot(now));
  }

  /** Of this boot only: what another OS was like says nothing of this one. */
  List<Diagnosis> diagnosesOf(String cause, long windowMillis, Moment now) {
    return matching(
        diagnoses,
        d ->
            d.cause().equals(cause)
                && d.at().isOfThisBoot(now)
                && d.at().isWithin(windowMillis, now));
  }

  boolean isAdvised(String cause, String summary, Moment now) {
    String advice = adviceOf(cause, summary);
    return advices.stream()
        .anyMatch(
            a -> a.advice().equals(advice) && a.at().isWithin(Limits.ADVICE_INTERVAL_MILLIS, now));
  }

  private static <T> List<T> matching(List<T> entries, Predicate<T> wanted) {
    return entries.stream().filter(wanted).toList();
  }
}
