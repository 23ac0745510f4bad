package io.tardigrade.core;

/**
 * Decides what the loss of a hypervisor or guardian leads to. Pure.
 *
 * <p>A guest whose state itself makes hypervisors fail would be resumed for ever: after {@link
 * #ATTEMPTS_MAX} recoveries from the same epoch it is given up and kept for examination.
 */
public final class RecoveryPolicy {
  /** Recoveries from one epoch before the guest is given up. */
  public static final int ATTEMPTS_MAX = 8;

  private RecoveryPolicy() {}

  /** What to do. */
  public enum Decision {
    /** Go on from the committed checkpoint. */
    RESUME,
    /** Nothing that clients saw is in memory: boot from the committed disks. */
    BOOT,
    /** Stop, keep image and evidence, and tell. */
    GIVE_UP
  }

  /** Recoveries so far from the epoch that was the newest at the time; kept across guardians. */
  public record Attempts(long epoch, int count) {
    public static final Attempts NONE = new Attempts(-1, 0);

    /** One more recovery, from {@code fromEpoch}. */
    public Attempts next(long fromEpoch) {
      return new Attempts(fromEpoch, fromEpoch == epoch ? count + 1 : 1);
    }
  }

  /**
   * Decides.
   *
   * @param attempts recoveries including the one to be decided on
   * @param imageHoldsEpoch whether a checkpoint is committed and nothing was let out since without
   *     protection
   */
  public static Decision decide(Attempts attempts, boolean imageHoldsEpoch) {
    if (attempts.count() > ATTEMPTS_MAX) {
      return Decision.GIVE_UP;
    }
    return imageHoldsEpoch ? Decision.RESUME : Decision.BOOT;
  }
}
