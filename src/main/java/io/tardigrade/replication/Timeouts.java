package io.tardigrade.replication;

import org.jspecify.annotations.Nullable;

/** Times and bounds of replication; docs/failure-detection.md derives them. */
public final class Timeouts {
  private static final long MILLI = 1_000_000;
  private static final String BEAT_SETTING = "TARDIGRADE_BEAT_MILLIS";
  private static final long BEAT_MILLIS_DEFAULT = 25;

  /**
   * Between two beats of a primary, and between two looks of any member: 25 ms, or what {@code
   * TARDIGRADE_BEAT_MILLIS} says, 5 to 1000, the same on all hosts. Hosts that may stand still for
   * longer than the default forgives need more; whatever counts beats grows with it.
   */
  public static final long BEAT_NANOS = beatMillis(System.getenv(BEAT_SETTING)) * MILLI;

  /** A member that was not asked for so long stood still itself, and suspects nobody for it. */
  public static final long GAP_NANOS_MAX = 4 * BEAT_NANOS;

  /** A member that is busy with one thing and gets nowhere for so long is silent to others. */
  public static final long BUSY_NANOS_MAX = 2_000 * MILLI;

  /** The same where it gets somewhere, but not to an end. */
  public static final long WORK_NANOS_MAX = 60_000 * MILLI;

  /** A backup that has answered no beat younger than this is removed by its primary. */
  public static final long REMOVE_NANOS = 6 * BEAT_NANOS;

  /** A host being synchronised, which may be busy with that, is given up after so long. */
  public static final long SYNC_NANOS = 40 * BEAT_NANOS;

  /** A primary not heard for so long is suspected by the first backup in line. */
  public static final long SUSPECT_NANOS = 9 * BEAT_NANOS;

  /** So much later by each that is further back in line. */
  public static final long STAGGER_NANOS = 2 * BEAT_NANOS;

  /** An unanswered question to the coordinator is asked again. */
  public static final long COORDINATOR_RETRY_NANOS = 100 * MILLI;

  /** An answer of the coordinator that is older than this tells nothing. */
  public static final long ANSWER_NANOS_MAX = 10_000 * MILLI;

  /** The coordinator is asked for the view without a reason. */
  public static final long READ_NANOS = 1_000 * MILLI;

  /** Parts and requests that made no progress for so long are sent again. */
  public static final long RESEND_NANOS = 4 * BEAT_NANOS;

  /** A host that leaves an invitation unanswered for so long is given up. */
  public static final long INVITATION_NANOS_MAX = 2_000 * MILLI;

  /** A host that was given up is not chosen again for so long, where there is another. */
  public static final long COOLDOWN_NANOS = 5_000 * MILLI;

  /** A switchover that has not got to its view change by then is called off. */
  public static final long SWITCHOVER_NANOS_MAX = 1_000 * MILLI;

  /** A host that nobody invites gives up what it has of a guest. */
  public static final long KEEP_NANOS = 600_000 * MILLI;

  /** Epochs that a primary keeps for backups that do not hold them yet. */
  public static final int RECORDS_MAX = 4;

  /** The same in bytes; one epoch may always be larger. */
  public static final long RECORD_BYTES_MAX = 256L << 20;

  /** Parts on their way to one backup. */
  public static final int PARTS_IN_FLIGHT_MAX = 16;

  private Timeouts() {}

  static long beatMillis(@Nullable String setting) {
    if (setting == null || !setting.matches("[0-9]{1,4}")) {
      return BEAT_MILLIS_DEFAULT;
    }
    return Math.clamp(Long.parseLong(setting), 5, 1_000);
  }
}
