package io.tardigrade.reset;

/**
 * When a repair of this host is over, so that another may begin: a pure decision.
 *
 * @param ofThisHost whether it is this host's
 * @param ofThisBoot whether the kernel that runs is the one that was to be replaced
 * @param resets whether a process is resetting this host
 * @param guestsRun whether all guests run that are to run here, or run elsewhere
 * @param ageMillis since it began
 */
public record RepairEnd(
    boolean ofThisHost, boolean ofThisBoot, boolean resets, boolean guestsRun, long ageMillis) {
  /** A recovery that has guests run elsewhere may collect evidence before it resets. */
  public static final long UNUSED_MILLIS_MAX = 10 * 60_000;

  /** Whether this host is to end it. */
  public boolean isOver() {
    if (!ofThisHost || resets) {
      return false;
    }
    // In the next kernel it has done what it was for; in this one it has come to nothing.
    return ofThisBoot ? ageMillis > UNUSED_MILLIS_MAX : guestsRun;
  }
}
