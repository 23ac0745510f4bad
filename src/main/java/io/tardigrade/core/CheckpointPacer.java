package io.tardigrade.core;

/**
 * Decides when the next checkpoint starts. Pure: the clock and what was seen are handed in.
 *
 * <p>Output waits for the checkpoint that contains it, so a checkpoint should start soon after
 * output appears; but every checkpoint stops the guest, so it should not start while the guest is
 * about to produce more. What tells the two apart is whether the guest still computes:
 *
 * <ul>
 *   <li>its virtual CPUs sleep: nothing more is coming and stopping it costs nothing. Start now.
 *   <li>they run, and checkpoints lately carried about one frame each: a lone request in a busy
 *       guest. Start now, as long as such stops have not taken more than a tenth of the time
 *       ({@link #BUSY_SHARE}).
 *   <li>they run, and many frames come: wait for the CPUs to sleep, for at most {@link
 *       #GAP_NANOS_MAX}, or {@link #GAP_NANOS_SPENT} once the tenth is used up.
 * </ul>
 *
 * <p>Without output, a checkpoint starts once the guest has computed for the interval the user
 * accepts to repeat, and after {@link #HEARTBEAT_NANOS} in any case: stopping all virtual CPUs and
 * the monitor's answer are also the proof that the hypervisor is alive. Who allows the hypervisor
 * long silences needs that proof less often: after half of what is allowed.
 *
 * <p>Not thread-safe. Times are nanoseconds of one monotonic clock.
 */
public final class CheckpointPacer {
  /** A guest whose output waits and whose CPUs run is given this long to produce more. */
  public static final long GAP_NANOS_MAX = 10_000_000;

  /** The same, while stops of a computing guest have used up their share. */
  public static final long GAP_NANOS_SPENT = 25_000_000;

  /** The longest time without a checkpoint, where half of the hang timeout is not more. */
  public static final long HEARTBEAT_NANOS = 1_000_000_000;

  /**
   * Share of the time for which stops of a computing guest, asked for by lone frames, may hold it
   * up.
   */
  public static final double BUSY_SHARE = 0.1;

  /** A guest with frames waiting is looked at again after this long. */
  public static final long LOOK_NANOS = 200_000;

  /**
   * Before the first commit nobody has seen the guest, so it boots undisturbed for at most this
   * long.
   */
  public static final long BOOT_NANOS_MAX = 10_000_000_000L;

  private static final long CREDIT_NANOS_MAX = 10_000_000;
  private static final double FRAMES_WEIGHT = 0.25;
  private static final double LONE_FRAMES = 2.5;

  private final long intervalNanos;
  private final long heartbeatNanos;
  private final boolean fixedTimer;
  private double framesPerCheckpoint = 1;
  private double creditNanos = CREDIT_NANOS_MAX;
  private long lastStartNanos;
  private long lastEndNanos;
  private long creditAtNanos;
  private boolean committedOnce;

  /**
   * What is seen of a guest.
   *
   * @param nowNanos the time
   * @param waitingFrames frames of the open epoch held by the gate
   * @param oldestNanos when the oldest of them came
   * @param cpusAsleep whether all virtual CPUs sleep; only looked at while frames wait
   * @param computedNanos what the virtual CPUs have computed since the last checkpoint
   * @param urgent other output or disk writes ask for a checkpoint
   */
  public record Sight(
      long nowNanos,
      long waitingFrames,
      long oldestNanos,
      boolean cpusAsleep,
      long computedNanos,
      boolean urgent) {}

  /** Why a checkpoint starts. */
  public enum Reason {
    OUTPUT,
    COMPUTED,
    HEARTBEAT,
    URGENT
  }

  /**
   * @param intervalNanos the most computing a failure may repeat
   * @param hangTimeoutNanos after how long a silent hypervisor is replaced
   * @param fixedTimer checkpoint every interval of real time and never else, for comparison
   */
  public CheckpointPacer(
      long intervalNanos, long hangTimeoutNanos, boolean fixedTimer, long nowNanos) {
    this.intervalNanos = intervalNanos;
    this.heartbeatNanos = Math.max(HEARTBEAT_NANOS, hangTimeoutNanos / 2);
    this.fixedTimer = fixedTimer;
    restarted(nowNanos, false);
  }

  /**
   * The guest was booted, or resumed.
   *
   * @param committed whether there is a committed checkpoint
   */
  public void restarted(long nowNanos, boolean committed) {
    lastStartNanos = nowNanos;
    lastEndNanos = nowNanos;
    creditAtNanos = nowNanos;
    committedOnce = committed;
  }

  /**
   * Returns 0 where a checkpoint is to start now, otherwise after how many nanoseconds to ask again
   * at the latest.
   */
  public long nanosUntilCheckpoint(Sight sight) {
    long now = sight.nowNanos();
    if (fixedTimer) {
      return Math.max(0, lastStartNanos + intervalNanos - now);
    }
    if (sight.urgent()) {
      return 0;
    }
    long wait = untilComputedOrHeartbeat(sight);
    if (wait > 0 && sight.waitingFrames() > 0) {
      wait = Math.min(wait, untilOutput(sight));
    }
    return wait;
  }

  private long untilOutput(Sight sight) {
    long now = sight.nowNanos();
    if (sight.cpusAsleep()) {
      return 0;
    }
    double credit = credit(now);
    if (framesPerCheckpoint < LONE_FRAMES && credit > 0) {
      return 0;
    }
    long gap = credit > 0 ? GAP_NANOS_MAX : GAP_NANOS_SPENT;
    long due = Math.max(sight.oldestNanos(), lastEndNanos) + gap;
    return due <= now ? 0 : Math.min(due - now, LOOK_NANOS);
  }

  private long untilComputedOrHeartbeat(Sight sight) {
    long sinceStart = sight.nowNanos() - lastStartNanos;
    if (!committedOnce) {
      return Math.max(0, BOOT_NANOS_MAX - sinceStart);
    }
    long left = intervalNanos - sight.computedNanos();
    if (left <= 0) {
      return 0;
    }
    // A guest cannot compute the rest in less real time than this: each CPU one nanosecond a
    // nanosecond.
    return Math.max(0, Math.min(Math.max(left, 1_000_000), heartbeatNanos - sinceStart));
  }

  /**
   * A checkpoint is over and the guest runs again.
   *
   * @param frames frames that it will release
   * @param cpusAsleep whether the guest was asleep when it started
   */
  public void finished(long startNanos, long endNanos, long frames, boolean cpusAsleep) {
    if (frames > 0) {
      framesPerCheckpoint += FRAMES_WEIGHT * (frames - framesPerCheckpoint);
    }
    creditNanos = credit(endNanos);
    creditAtNanos = endNanos;
    if (frames > 0 && !cpusAsleep) {
      creditNanos -= endNanos - startNanos;
    }
    lastStartNanos = startNanos;
    lastEndNanos = endNanos;
    committedOnce = true;
  }

  private double credit(long nowNanos) {
    return Math.min(CREDIT_NANOS_MAX, creditNanos + BUSY_SHARE * (nowNanos - creditAtNanos));
  }
}
