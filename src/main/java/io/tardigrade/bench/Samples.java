package io.tardigrade.bench;

import java.util.Arrays;

/** Measured values, all of them kept, so that quantiles are values that really occurred. */
final class Samples {
  private double[] values = new double[256];
  private int size;

  Samples() {}

  static Samples of(double... values) {
    Samples samples = new Samples();
    for (double value : values) {
      samples.add(value);
    }
    return samples;
  }

  void add(double value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  void addAll(Samples others) {
    for (int i = 0; i < others.size; i++) {
      add(others.values[i]);
    }
  }

  int size() {
    return size;
  }

  /** The smallest value that at least this share of all values does not exceed (nearest rank). */
  double quantile(double share) {
    if (size == 0) {
      throw new IllegalStateException("nothing was measured");
    }
    double[] sorted = toArray();
    Arrays.sort(sorted);
    int rank = (int) Math.ceil(share * size);
    return sorted[Math.max(1, Math.min(size, rank)) - 1];
  }

  double median() {
    return quantile(0.5);
  }

  double p99() {
    return quantile(0.99);
  }

  double max() {
    return quantile(1);
  }

  double[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
