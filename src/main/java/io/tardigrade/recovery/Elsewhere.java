package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.GuestFate.Backup;
import io.tardigrade.recovery.History.Recycle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which guests run on their backups rather than on a host that is to be reset: those that stand
 * still for less time so, or would not be resumed. Their host has nothing left to lose then.
 */
final class Elsewhere {
  private final Observation seen;
  private final History history;

  Elsewhere(Observation seen, History history) {
    this.seen = seen;
    this.history = history;
  }

  /** What comes before anything else is done about {@code cause}; null where nothing does. */
  @Nullable Decision before(String cause, List<String> why) {
    if (!seen.otherRepair().isEmpty()) {
      return null;
    }
    List<Target> targets = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> reasons = new ArrayList<>(why);
    boolean underWay = false;
    for (GuestFate guest : seen.guests()) {
      Backup backup = guest.backup();
      if (backup != null && goes(guest, backup)) {
        targets.add(new Target(ServiceId.guardian(guest.guest()), cause));
        names.add(guest.guest() + " on " + backup.host());
        reasons.add(sentence(guest, backup));
      }
      underWay |= isUnderWay(guest);
    }
    if (!targets.isEmpty()) {
      return new Decision(
          Step.SWITCH_OVER, cause, targets, "run " + String.join(", ", names), reasons);
    }
    if (underWay) {
      reasons.add(
          "guests were asked to run on their backups less than "
              + Words.span(Limits.SWITCHOVER_SETTLE_MILLIS)
              + " ago");
      return Decision.of(Step.WAIT, cause, "see the guests run elsewhere", reasons);
    }
    return null;
  }

  private boolean goes(GuestFate guest, Backup backup) {
    return isCheaper(guest, backup) && !isUnderWay(guest) && !isExhausted(guest);
  }

  private static boolean isCheaper(GuestFate guest, Backup backup) {
    return !guest.resettable() || backup.switchoverMillis() < backup.resetMillis();
  }

  private boolean isUnderWay(GuestFate guest) {
    List<Recycle> asked = asked(guest);
    return guest.backup() != null
        && !asked.isEmpty()
        && asked.getLast().at().isWithin(Limits.SWITCHOVER_SETTLE_MILLIS, seen.now());
  }

  /** Whether it was asked to go so often that it will not. */
  boolean isExhausted(GuestFate guest) {
    return asked(guest).size() >= Limits.SWITCHOVERS_MAX;
  }

  private List<Recycle> asked(GuestFate guest) {
    return history.switchoversOf(guest.guest(), Limits.RECYCLE_WINDOW_MILLIS, seen.now());
  }

  private static String sentence(GuestFate guest, Backup backup) {
    String here =
        guest.resettable()
            ? ", and about " + Words.span(backup.resetMillis()) + " through a reset of this host"
            : ", and loses its memory in a reset of this host" + because(guest);
    return guest.guest()
        + " stands still for about "
        + Words.span(backup.switchoverMillis())
        + " to run on "
        + backup.host()
        + here;
  }

  private static String because(GuestFate guest) {
    return guest.why().isEmpty() ? "" : " (" + guest.why() + ")";
  }

  /** What the reset itself does to a guest that has a backup and is still here. */
  String inReset(GuestFate guest, Backup backup) {
    return isExhausted(guest)
        ? guest.guest() + " was to run on " + backup.host() + " and did not, whatever holds it here"
        : guest.guest()
            + " runs on "
            + backup.host()
            + " before it, for which it stands still for about "
            + Words.span(backup.switchoverMillis());
  }
}
