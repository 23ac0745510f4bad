package io.tardigrade.monitor;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Predicts when a growing quantity reaches its limit. Several windows see leaks of all speeds. Not
 * thread-safe.
 */
final class GrowthDetector {
  /**
   * A trend is believed for this many times as long as it has been watched: what grew for five
   * minutes says something of the next half hour, and nothing of tomorrow.
   */
  static final int EXTRAPOLATION = 6;

  /** So many judgements in a row must agree, or disagree, before the answer changes. */
  static final int AGREEMENTS = 3;

  private final List<Window> windows;
  private final double gainedMin;

  private static final class Window {
    final Trend trend;
    final long bucketMillis;
    int disagreements;
    Trend.@Nullable Growth growing;

    Window(long bucketMillis, int bucketsMax, int bucketsMin) {
      this.bucketMillis = bucketMillis;
      trend = new Trend(bucketMillis, bucketsMax, bucketsMin);
    }

    void add(long millis, double value, double gainedMin) {
      if (trend.add(millis, value)) {
        Trend.@Nullable Growth growth = trend.growth();
        Trend.@Nullable Growth now = growth != null && growth.gained() >= gainedMin ? growth : null;
        if ((now == null) == (growing == null)) {
          disagreements = 0;
          growing = now;
        } else if (++disagreements >= AGREEMENTS) {
          disagreements = 0;
          growing = now;
        }
      }
    }

    @Nullable Prediction prediction(double headroom) {
      Trend.@Nullable Growth growth = growing;
      if (growth == null || growth.perSecond() <= 0) {
        return null;
      }
      double left = Math.max(0, headroom) / growth.perSecond() * 1000;
      return left > (double) EXTRAPOLATION * growth.spanMillis()
          ? null
          : new Prediction(growth.perSecond(), growth.spanMillis() + bucketMillis, (long) left);
    }
  }

  /**
   * When the limit is reached.
   *
   * @param watchedMillis how long the growth has been watched
   * @param leftMillis until the limit is reached
   */
  record Prediction(double perSecond, long watchedMillis, long leftMillis) {}

  private GrowthDetector(double gainedMin, Window... windows) {
    this.gainedMin = gainedMin;
    this.windows = List.of(windows);
  }

  /**
   * For what has one owner and no habits: windows of five minutes, an hour, a day.
   *
   * @param gainedMin growth of less than this within a window is none
   */
  static GrowthDetector quick(double gainedMin) {
    return new GrowthDetector(
        gainedMin,
        new Window(10_000, 30, 12),
        new Window(60_000, 60, 20),
        new Window(900_000, 96, 24));
  }

  /**
   * For processes that collect garbage, and grow for many minutes until they do: no judgement
   * before forty minutes.
   */
  static GrowthDetector patient(double gainedMin) {
    return new GrowthDetector(gainedMin, new Window(60_000, 60, 40), new Window(900_000, 96, 24));
  }

  /**
   * Takes a value.
   *
   * @param headroom how much more it may grow
   * @return the nearest end that a window predicts; null where none does
   */
  @Nullable Prediction sample(long uptimeMillis, double value, double headroom) {
    @Nullable Prediction nearest = null;
    for (Window window : windows) {
      window.add(uptimeMillis, value, gainedMin);
      @Nullable Prediction prediction = window.prediction(headroom);
      if (prediction != null
          && (nearest == null || prediction.leftMillis() < nearest.leftMillis())) {
        nearest = prediction;
      }
    }
    return nearest;
  }
}
