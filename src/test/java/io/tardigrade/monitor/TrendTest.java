package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class TrendTest {
  private static final double MIB = 1 << 20;

  @Test
  void theLineIsThatOfTheLiterature() {
    // Sen's own example (1968, section 6): slope 4, exact interval ends among the slopes.
    double[] x = {1, 2, 3, 4, 10, 12, 18};
    double[] y = {9, 15, 19, 20, 45, 55, 78};
    assertThat(TheilSen.fit(x, y, 0, 7).slope()).isCloseTo(4.0, within(0.01));
    assertThat(TheilSen.fit(x, y, 0, 7).tau()).isEqualTo(1);
  }

  @Test
  void aQuarterOfWildPointsDoesNotMoveTheLine() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    double[] x = new double[60];
    double[] y = new double[60];
    for (int i = 0; i < 60; i++) {
      x[i] = i;
      y[i] = i % 4 == 1 ? random.nextDouble() * 1e6 : 3 * i + random.nextGaussian();
    }
    assertThat(TheilSen.fit(x, y, 0, 60).slope())
        .as("seed %d", seed)
        .isCloseTo(3, Percentage.withPercentage(25));
  }

  /** The first prediction within {@code minutes}, sampled every five seconds. */
  private static GrowthDetector.Prediction watch(
      int minutes, double headroom, DoubleUnaryOperator bytesAtSecond) {
    GrowthDetector detector = GrowthDetector.quick(48 * MIB);
    for (int second = 0; second < minutes * 60; second += 5) {
      GrowthDetector.Prediction prediction =
          detector.sample(second * 1000L, bytesAtSecond.applyAsDouble(second), headroom);
      if (prediction != null) {
        return prediction;
      }
    }
    return null;
  }

  @Test
  void aFastLeakIsSeenWithinMinutesAndItsEndPredicted() {
    Random random = new Random(1);
    GrowthDetector.Prediction prediction =
        watch(5, 1200 * MIB, s -> s * MIB + random.nextDouble() * 20 * MIB);
    assertThat(prediction).isNotNull();
    assertThat(prediction.perSecond()).isCloseTo(MIB, Percentage.withPercentage(20));
    assertThat(prediction.leftMillis()).isBetween(900_000L, 1_500_000L);
  }

  @Test
  void aSlowLeakUnderneathBurstsIsSeen() {
    Random random = new Random(2);
    assertThat(
            watch(
                30 * 60,
                8000 * MIB,
                s ->
                    s / 3600.0 * 200 * MIB
                        + (s / 900 % 2 < 1 ? 500 * MIB : 0)
                        + random.nextDouble() * 30 * MIB))
        .isNotNull();
  }

  @Test
  void spikesAboveAFloorDoNotHideItsRise() {
    for (int seed = 0; seed < 5; seed++) {
      Random random = new Random(seed);
      assertThat(
              watch(
                  5,
                  1000 * MIB,
                  s ->
                      s * MIB + (random.nextDouble() < 0.35 ? 800 * MIB * random.nextDouble() : 0)))
          .as("seed %d", seed)
          .isNotNull();
    }
  }

  @Test
  void aStepIsNoTrend() {
    assertThat(watch(24 * 60, 100 * MIB, s -> s < 7200 ? 0 : 900 * MIB)).isNull();
  }

  @Test
  void aTideIsNoTrendThatRunsOut() {
    assertThat(
            watch(48 * 60, 4000 * MIB, s -> 300 * MIB * (1 + Math.sin(s * 2 * Math.PI / 86_400))))
        .isNull();
  }

  @Test
  void noiseIsNoTrend() {
    for (int seed = 0; seed < 5; seed++) {
      Random random = new Random(seed);
      double[] walk = {1000 * MIB};
      assertThat(
              watch(
                  12 * 60,
                  4000 * MIB,
                  s -> {
                    walk[0] += random.nextGaussian() * 4 * MIB + (1000 * MIB - walk[0]) * 0.01;
                    return walk[0];
                  }))
          .as("seed %d", seed)
          .isNull();
    }
  }

  @Test
  void nothingIsPredictedFartherThanTheTrendWasWatched() {
    GrowthDetector detector = GrowthDetector.quick(48 * MIB);
    for (int second = 0; second < 280; second += 5) {
      // Runs out in 50 minutes, but has been watched for less than five.
      assertThat(detector.sample(second * 1000L, second * MIB, 3000 * MIB)).isNull();
    }
  }

  @Test
  void growthThatHasEndedIsForgotten() {
    GrowthDetector detector = GrowthDetector.quick(48 * MIB);
    boolean seen = false;
    for (int second = 0; second < 7200; second += 5) {
      double bytes = Math.min(second, 240) * 2 * MIB;
      boolean now = detector.sample(second * 1000L, bytes, 1000 * MIB) != null;
      seen |= now;
      if (second > 400) {
        assertThat(now).as("at %d s", second).isFalse();
      }
    }
    assertThat(seen).isTrue();
  }

  @Test
  void aClockThatStandsStillOrLeapsBreaksNothing() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    GrowthDetector detector = GrowthDetector.quick(MIB);
    long millis = 0;
    for (int i = 0; i < 20_000; i++) {
      millis += random.nextInt(50) == 0 ? random.nextLong(-5_000_000, 5_000_000) : 5000;
      GrowthDetector.Prediction prediction =
          detector.sample(millis, random.nextDouble() * 1e10 + i * 1e6, 1e9);
      if (prediction != null) {
        assertThat(prediction.leftMillis()).as("seed %d", seed).isNotNegative();
      }
    }
  }
}
