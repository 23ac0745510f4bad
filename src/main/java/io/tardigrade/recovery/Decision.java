package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceId;
import java.util.List;

/**
 * What is to be done now, and why.
 *
 * @param cause short and fixed, so that the same trouble has the same cause each time
 * @param targets whom to recycle, or whose guests run elsewhere; empty for all other steps
 * @param summary one sentence without figures, the same each time
 * @param reasons all of them, in the order in which a person would ask; never empty
 */
public record Decision(
    Step step, String cause, List<Target> targets, String summary, List<String> reasons) {
  /** The rungs, and what lies beside the ladder. */
  public enum Step {
    /** Nothing is wrong. */
    NONE,
    /** Something is wrong and the time to act has not come, or has passed. */
    WAIT,
    /** Tell the operator; nothing is done. */
    ADVISE,
    /** Recycle the targets. */
    RECYCLE,
    /** Have the guests of the targets run on their backups. */
    SWITCH_OVER,
    /** Collect what a reset would destroy. */
    DIAGNOSE,
    /** Freeze all guests, reset the operating system, resume them. */
    RESET
  }

  /**
   * A service to recycle, or a guardian whose guest is to run elsewhere.
   *
   * @param cause what for
   */
  public record Target(ServiceId service, String cause) {}

  public Decision {
    targets = List.copyOf(targets);
    reasons = List.copyOf(reasons);
    if (reasons.isEmpty()) {
      throw new IllegalArgumentException("a decision to " + step + " without a reason: " + summary);
    }
  }

  static Decision of(Step step, String cause, String summary, List<String> reasons) {
    return new Decision(step, cause, List.of(), summary, reasons);
  }
}
