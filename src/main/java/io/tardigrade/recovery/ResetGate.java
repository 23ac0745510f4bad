package io.tardigrade.recovery;

import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.History.Reset;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether the host may be reset at all, whatever for. All conditions are looked at each time, so
 * that an operator reads at once all that stands in the way.
 *
 * @param underWay a reset has begun and may still come to its end
 * @param allows sentences for it
 * @param forbids sentences against it
 */
record ResetGate(boolean underWay, List<String> allows, List<String> forbids) {
  static ResetGate examine(Observation seen, History history, Elsewhere elsewhere) {
    List<String> allows = new ArrayList<>();
    List<String> forbids = new ArrayList<>();
    addPreserved(seen, allows, forbids);
    addGuests(seen, elsewhere, allows, forbids);
    if (!seen.otherRepair().isEmpty()) {
      forbids.add(seen.otherRepair());
    }
    addResets(seen.now(), history, allows, forbids);
    return new ResetGate(
        history.resets().stream().anyMatch(reset -> reset.isUnderWay(seen.now())), allows, forbids);
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

  private static void addGuests(
      Observation seen, Elsewhere elsewhere, List<String> allows, List<String> forbids) {
    int kept = 0;
    for (GuestFate fate : seen.guests()) {
      String why = fate.why().isEmpty() ? "" : " (" + fate.why() + ")";
      GuestFate.Backup backup = fate.backup();
      if (backup != null) {
        // While a backup may take it over it is not frozen.
        (elsewhere.isExhausted(fate) ? forbids : allows).add(elsewhere.inReset(fate, backup));
      } else if (fate.resettable()) {
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
    // What an operator does is no sign of a fault that comes back.
    List<Reset> counted =
        history.resets().stream().filter(r -> !r.cause().equals(History.OPERATOR)).toList();
    if (counted.isEmpty()) {
      allows.add(
          history.resets().isEmpty()
              ? "this host has never been reset"
              : "none but an operator has reset this host");
    } else {
      long age = provenAgeMillis(counted.getLast(), now);
      if (age < Limits.RESET_INTERVAL_MILLIS) {
        forbids.add(
            "the last reset was less than "
                + Words.span(Limits.RESET_INTERVAL_MILLIS)
                + " ago for all that is certain");
      } else {
        allows.add("the last reset was at least " + Words.span(age) + " ago");
      }
    }
    long today = counted.stream().filter(r -> ageMillis(r, now) < Limits.DAY_MILLIS).count();
    if (today >= Limits.RESETS_PER_DAY_MAX) {
      forbids.add(
          "there have been " + Words.count(today, "reset") + " within a day, and that is the most");
    }
    if (history.resets().stream().anyMatch(r -> r.hasFailed(now))) {
      forbids.add("an earlier reset failed, and no operator has acknowledged that");
    }
  }

  /** By the wall clock, where it was in another boot. */
  private static long ageMillis(Reset reset, Moment now) {
    long begun = reset.at().ageMillis(now);
    return reset.ended() == null ? begun : Math.min(begun, reset.ended().ageMillis(now));
  }

  /**
   * What nobody can set: within this boot the difference of uptimes, otherwise all of this boot's
   * uptime. So a host that was reset in an earlier boot must have run for a while before the next
   * reset; one that fails as soon as it is up is not helped by one.
   */
  private static long provenAgeMillis(Reset reset, Moment now) {
    Moment latest = reset.ended() == null ? reset.at() : reset.ended();
    return latest.isOfThisBoot(now)
        ? latest.ageMillis(now)
        : Math.min(latest.ageMillis(now), now.uptimeMillis());
  }
}
