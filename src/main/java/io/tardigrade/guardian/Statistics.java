package io.tardigrade.guardian;

import io.tardigrade.guest.GuestStatus.Protection;
import io.tardigrade.guest.GuestStatus.Quantiles;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What is measured of the checkpoints of one guest since its guardian started. Any thread. */
final class Statistics {
  private static final long NANOS_MAX = 60_000_000_000L;

  private final Histogram pauseNanos = new Histogram(NANOS_MAX, 2);
  private final Histogram holdNanos = new Histogram(NANOS_MAX, 2);
  private final Histogram dirtyPages = new Histogram(1L << 30, 2);
  private long committedEpoch;
  private long shippedBytes;

  Statistics(long committedEpoch) {
    this.committedEpoch = committedEpoch;
  }

  synchronized void paused(long nanos) {
    pauseNanos.recordValue(Math.min(nanos, NANOS_MAX));
  }

  synchronized void committed(Committer.Captured captured, Output.Released released) {
    committedEpoch = captured.epoch();
    shippedBytes += captured.bytes();
    dirtyPages.recordValue(captured.pages());
    if (released.frames() > 0) {
      holdNanos.recordValue(Math.min(released.holdNanos(), NANOS_MAX));
    }
  }

  synchronized void committedWithoutCheckpoint(long epoch) {
    committedEpoch = epoch;
  }

  /** Forgets the distributions, keeps the totals; for measurements. */
  synchronized void reset() {
    pauseNanos.reset();
    holdNanos.reset();
    dirtyPages.reset();
  }

  synchronized Protection report(@Nullable String engine, long framesHeld) {
    return new Protection(
        engine,
        committedEpoch,
        quantiles(pauseNanos, 1e9),
        quantiles(holdNanos, 1e9),
        quantiles(dirtyPages, 1),
        shippedBytes,
        framesHeld);
  }

  private static Quantiles quantiles(Histogram histogram, double unit) {
    long count = histogram.getTotalCount();
    if (count == 0) {
      return new Quantiles(null, null, 0);
    }
    return new Quantiles(
        histogram.getValueAtPercentile(50) / unit,
        histogram.getValueAtPercentile(99) / unit,
        count);
  }
}
