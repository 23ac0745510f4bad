package io.tardigrade.preserve;

import io.tardigrade.linux.CycleCounter;
import java.time.Duration;
import java.time.Instant;

/**
 * One moment by two clocks: the time of day, which the next kernel does not know exactly, and the
 * processor's counter, which goes on over a kexec. Pure, but for the methods that read clocks.
 *
 * @param at the time of day
 * @param count of the processor's counter, 0 where it has none
 * @param perSecond how fast it counts, 0 where that is not known
 */
public record ClockMark(Instant at, long count, long perSecond) {
  /** A counter's pace is not told from less: reading two clocks takes time as well. */
  private static final long PACE_NANOS_MIN = 10_000_000;

  /** Two clocks read one after the other, with whatever comes between them: the quickest counts. */
  private static final int TRIES = 8;

  /** No reset takes longer. */
  private static final Duration ELAPSED_MAX = Duration.ofHours(6);

  /** One reading of the counter beside this process's own clock, to tell its pace by later. */
  public record Reading(long count, long nanos) {
    /** Reads both now. */
    public static Reading now() {
      Reading best = new Reading(0, 0);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < TRIES; i++) {
        long before = System.nanoTime();
        long count = CycleCounter.read();
        long took = System.nanoTime() - before;
        if (took < least) {
          least = took;
          best = new Reading(count, before + took / 2);
        }
      }
      return best;
    }

    /** Counts in a second between this reading and {@code later}; 0 where that cannot be told. */
    long perSecond(Reading later) {
      long nanos = later.nanos - this.nanos;
      if (count == 0 || later.count <= count || nanos < PACE_NANOS_MIN) {
        return 0;
      }
      return Math.round((later.count - count) * (1e9 / nanos));
    }
  }

  /**
   * Now.
   *
   * @param earlier a reading some time ago
   */
  public static ClockMark since(Reading earlier) {
    ClockMark now = now();
    return new ClockMark(now.at, now.count, earlier.perSecond(Reading.now()));
  }

  /** Now, by a counter whose pace is not told. */
  static ClockMark now() {
    ClockMark best = new ClockMark(Instant.EPOCH, 0, 0);
    long least = Long.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) {
      long before = System.nanoTime();
      Instant at = Instant.now();
      long count = CycleCounter.read();
      long took = System.nanoTime() - before;
      if (took < least) {
        least = took;
        best = new ClockMark(at, count, 0);
      }
    }
    return best;
  }

  /**
   * By how much the time of day was set forward since this moment, as the counter tells; zero where
   * it does not tell, as after a reset of the machine, which sets it to nought.
   *
   * @param now the time of day
   * @param countNow what the counter says at that moment
   * @param booted when, by the same time of day, the kernel began that runs now
   */
  public Duration setForwardUntil(Instant now, long countNow, Instant booted) {
    if (count <= 0 || perSecond <= 0 || countNow <= count) {
      return Duration.ZERO;
    }
    double seconds = (double) (countNow - count) / perSecond;
    Duration elapsed = Duration.ofNanos(Math.round(seconds * 1e9));
    // This moment was before the kernel began: a shorter time was counted from a new nought.
    if (elapsed.compareTo(ELAPSED_MAX) > 0
        || elapsed.compareTo(Duration.between(booted, now)) < 0) {
      return Duration.ZERO;
    }
    return Duration.between(at, now).minus(elapsed);
  }
}
