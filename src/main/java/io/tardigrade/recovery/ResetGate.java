package io.tardigrade.recovery;

import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.History.Outcome;
import io.tardigrade.recovery.History.Reset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether the host may be reset at all, whatever for. All conditions are looked at each time, so
 * that an operator reads at once all that stands in the way.
 *
 * @param underWay a reset has begun and may still come to its end
 * @param allows sentences for it
 * @param forbids sentences against it
 */
record ResetGate(boolean underWay, List<String> allows, List<String> forbids) {
  static ResetGate examine(Observation seen, History history) {
    List<String> allows = new ArrayList<>();
    List<String> forbids = new ArrayList<>();
    addPreserved(seen, allows, forbids);
    addGuests(seen, allows, forbids);
    addResets(seen.now(), history, allows, forbids);
    return new ResetGate(isUnderWay(seen.now(), history), allows, forbids);
  }

  boolean isOpen() {
    return forbids.isEmpty();
  }

  private static void addPreserved(Observation seen, List<String> allows, List<String> forbids) {
    if (seen.preserved().armed()) {
      allows.add("preserved memory is armed");
    } else {
      forbids.add(
          "preserved memory is not armed"
              + (seen.preserved().why().isEmpty() ? "" : ": " + seen.preserved().why()));
    }
  }

  private static void addGuests(Observation seen, List<String> allows, List<String> forbids) {
    int kept = 0;
    for (GuestFate fate : seen.guests()) {
      String why = fate.why().isEmpty() ? "" : " (" + fate.why() + ")";
      if (fate.resettable()) {
        kept++;
      } else if (fate.expendable()) {
        allows.add(
            fate.guest()
                + " would restart from its disk"
                + why
                + ", which its owner has agreed to");
      } else {
        forbids.add(fate.guest() + " would not be resumed" + why);
      }
    }
    if (kept > 0 || seen.guests().isEmpty()) {
      allows.add(
          seen.guests().isEmpty()
              ? "there are no guests"
              : Words.count(kept, "guest") + " would be frozen in memory and resumed");
    }
  }

  private static void addResets(
      Moment now, History history, List<String> allows, List<String> forbids) {
    @Nullable Reset last = history.resets().isEmpty() ? null : history.resets().getLast();
    if (last == null) {
      allows.add("this host has never been reset");
    } else {
      long age = ageMillis(last, now);
      if (age < Limits.RESET_INTERVAL_MILLIS) {
        forbids.add(
            "the last reset was less than " + Words.span(Limits.RESET_INTERVAL_MILLIS) + " ago");
      } else {
        allows.add("the last reset was " + Words.span(age) + " ago");
      }
    }
    long today =
        history.resets().stream().filter(r -> ageMillis(r, now) < Limits.DAY_MILLIS).count();
    if (today >= Limits.RESETS_PER_DAY_MAX) {
      forbids.add(
          "there have been " + Words.count(today, "reset") + " within a day, and that is the most");
    }
    if (history.resets().stream().anyMatch(r -> hasFailed(r, now, history.acknowledged()))) {
      forbids.add("an earlier reset failed, and no operator has acknowledged that");
    }
  }

  /** From its end where that is known: then this boot's own uptime counts, which cannot be set. */
  private static long ageMillis(Reset reset, Moment now) {
    long begun = reset.at().ageMillis(now);
    return reset.ended() == null ? begun : Math.min(begun, reset.ended().ageMillis(now));
  }

  private static boolean isUnderWay(Moment now, History history) {
    if (history.resets().isEmpty()) {
      return false;
    }
    Reset last = history.resets().getLast();
    return last.outcome() == Outcome.PENDING
        && last.at().isWithin(Limits.RESET_DURATION_MAX_MILLIS, now);
  }

  private static boolean hasFailed(Reset reset, Moment now, @Nullable Moment acknowledged) {
    boolean failed =
        reset.outcome() == Outcome.FAILED
            || (reset.outcome() == Outcome.PENDING
                && !reset.at().isWithin(Limits.RESET_DURATION_MAX_MILLIS, now));
    return failed && (acknowledged == null || !isBefore(reset.at(), acknowledged, now));
  }

  private static boolean isBefore(Moment reset, Moment acknowledged, Moment now) {
    return reset.ageMillis(now) > acknowledged.ageMillis(now);
  }
}
