package io.tardigrade.monitor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Whether a quantity has been growing steadily, over a bounded window of equal buckets. Of each
 * bucket only the lowest value is kept: caches and garbage come and go above that floor, a leak
 * lifts it. Not thread-safe.
 */
final class Trend {
  /** Growth that has died down in the window's last third is a step, not a trend. */
  private static final double LATELY_SHARE_MIN = 0.4;

  /** Of pairs of buckets, so many more must rise than fall. */
  private static final double TAU_MIN = 0.6;

  private final long bucketMillis;
  private final int bucketsMin;
  private final double[] times;
  private final double[] floors;
  private int count;
  private long bucket = Long.MIN_VALUE;
  private double floor;
  private @Nullable Growth growth;

  /**
   * Steady growth.
   *
   * @param perSecond units of the quantity
   * @param gained over the window
   * @param spanMillis how long the window is so far
   */
  record Growth(double perSecond, double gained, long spanMillis) {}

  /**
   * @param bucketsMax the window, in buckets
   * @param bucketsMin no judgement with fewer
   */
  Trend(long bucketMillis, int bucketsMax, int bucketsMin) {
    this.bucketMillis = bucketMillis;
    this.bucketsMin = bucketsMin;
    this.times = new double[bucketsMax];
    this.floors = new double[bucketsMax];
  }

  /**
   * Takes a value.
   *
   * @return whether a bucket has been completed, and {@link #growth} judged anew
   */
  boolean add(long millis, double value) {
    long current = Math.floorDiv(millis, bucketMillis);
    if (current == bucket) {
      floor = Math.min(floor, value);
      return false;
    }
    boolean gap = bucket != Long.MIN_VALUE && (current < bucket || current > bucket + times.length);
    boolean complete = bucket != Long.MIN_VALUE && !gap;
    if (gap) {
      count = 0;
      growth = null;
    } else if (complete) {
      push((bucket + 0.5) * bucketMillis / 1000, floor);
      growth = judge();
    }
    bucket = current;
    floor = value;
    return complete;
  }

  private void push(double seconds, double value) {
    if (count == times.length) {
      System.arraycopy(times, 1, times, 0, count - 1);
      System.arraycopy(floors, 1, floors, 0, count - 1);
      count--;
    }
    times[count] = seconds;
    floors[count++] = value;
  }

  /** Steady growth, or null where there is none. */
  @Nullable Growth growth() {
    return growth;
  }

  private @Nullable Growth judge() {
    // Most windows end no higher than they began; that is known without looking at all pairs.
    if (count < bucketsMin || floors[count - 1] <= Arrays.stream(floors, 0, 3).min().orElse(0)) {
      return null;
    }
    TheilSen line = TheilSen.fit(times, floors, 0, count);
    if (line.slopeLow() <= 0 || line.tau() < TAU_MIN) {
      return null;
    }
    TheilSen lately = TheilSen.fit(times, floors, count - Math.max(4, count / 3), count);
    if (lately.slope() < LATELY_SHARE_MIN * line.slope()) {
      return null;
    }
    double seconds = times[count - 1] - times[0];
    return new Growth(line.slope(), line.slope() * seconds, (long) (seconds * 1000));
  }
}
