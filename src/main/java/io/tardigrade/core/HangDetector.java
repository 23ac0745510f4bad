package io.tardigrade.core;

/**
 * Decides from answers, and from their absence, whether a guardian hangs. Pure: questions are asked
 * and times measured by the caller.
 *
 * <p>A guardian is asked about once a second, on a thread of its own that answers also while its
 * main thread is stuck; so it tells as well how long ago that thread made its last turn. One that
 * was found hanging is killed, which its guest survives: better late than wrong, hence the limits.
 *
 * <p>Not thread-safe. Times are nanoseconds of one monotonic clock.
 */
public final class HangDetector {
  /** Beyond the time that the guest's hypervisor may leave a command unanswered. */
  public static final long SILENCE_NANOS_EXTRA = 3_000_000_000L;

  /** From its start to its first answer: it opens image and disks first, and may repair them. */
  public static final long START_NANOS_MAX = 180_000_000_000L;

  /**
   * Between two turns of the main thread, which capture and recovery take it away from: copying the
   * memory of a large guest takes seconds, a slow disk may take tens.
   */
  public static final long TURN_NANOS_MAX = 60_000_000_000L;

  /**
   * Unanswered questions in a row. The asking process may itself have stood still, so that time
   * alone proves nothing.
   */
  public static final int UNANSWERED_MIN = 2;

  private final long silenceNanosMax;
  private long lastNanos;
  private boolean answered;
  private int unanswered;
  private boolean stuck;

  /**
   * @param hangTimeoutNanos how long the guest's hypervisor may leave a command unanswered
   * @param nowNanos when the guardian was started, or found
   */
  public HangDetector(long hangTimeoutNanos, long nowNanos) {
    this.silenceNanosMax = hangTimeoutNanos + SILENCE_NANOS_EXTRA;
    this.lastNanos = nowNanos;
  }

  /** The guardian answered: its main thread made its last turn {@code turnNanosAgo} ago. */
  public void answered(long nowNanos, long turnNanosAgo) {
    answered = true;
    unanswered = 0;
    lastNanos = nowNanos;
    stuck = turnNanosAgo > silenceNanosMax + TURN_NANOS_MAX;
  }

  /** A question was not answered in its time. */
  public void unanswered() {
    unanswered++;
  }

  /** Whether the guardian hangs. */
  public boolean hangs(long nowNanos) {
    long max = answered ? silenceNanosMax : START_NANOS_MAX + silenceNanosMax;
    return stuck || (unanswered >= UNANSWERED_MIN && nowNanos - lastNanos > max);
  }

  /** When the guardian last gave an answer, or was started. */
  public long lastAnswerNanos() {
    return lastNanos;
  }
}
