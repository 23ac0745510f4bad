package io.tardigrade.monitor;

import java.util.Arrays;

/**
 * A straight line through points, by the median of the slopes of all pairs. Up to 29 % of the
 * points may lie anywhere without moving it far, so bursts and dips do not make a trend, nor hide
 * one.
 *
 * <p>Slope: H. Theil, "A rank-invariant method of linear and polynomial regression analysis",
 * Proceedings of the Royal Netherlands Academy of Sciences 53 (1950), 386–392. Confidence interval
 * by Kendall's rank correlation: P. K. Sen, "Estimates of the regression coefficient based on
 * Kendall's tau", Journal of the American Statistical Association 63 (1968), 1379–1389.
 *
 * @param slope per unit of x
 * @param slopeLow lower end of the confidence interval
 * @param tau share of pairs that rise less the share that fall, -1 to 1
 */
record TheilSen(double slope, double slopeLow, double tau) {
  /** Two-sided 99.9 %: a host is looked at thousands of times a day. */
  private static final double NORMAL_QUANTILE = 3.29;

  /**
   * Fits {@code from} to {@code to} (exclusive) of the points; x must increase.
   *
   * @throws IllegalArgumentException for fewer than two points
   */
  static TheilSen fit(double[] x, double[] y, int from, int to) {
    int n = to - from;
    if (n < 2) {
      throw new IllegalArgumentException("a line needs two points, not " + n);
    }
    double[] slopes = new double[n * (n - 1) / 2];
    int pairs = 0;
    long balance = 0;
    for (int i = from; i < to; i++) {
      for (int j = i + 1; j < to; j++) {
        double rise = y[j] - y[i];
        slopes[pairs++] = rise / (x[j] - x[i]);
        balance += (long) Math.signum(rise);
      }
    }
    Arrays.sort(slopes);
    double deviation = Math.sqrt(n * (n - 1.0) * (2.0 * n + 5) / 18);
    int low = (int) Math.floor((pairs - NORMAL_QUANTILE * deviation) / 2);
    return new TheilSen(
        median(slopes), low < 0 ? Double.NEGATIVE_INFINITY : slopes[low], (double) balance / pairs);
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
