package io.tardigrade.bench;

import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * Compares two series measured in turns: the first of one with the first of the other, and so on,
 * so that what changes slowly on the host does not count. The result is the median over turns.
 */
final class Pairing {
  private Pairing() {}

  /** Median of {@code protectedOnes[i] / others[i]}. */
  static double ratio(List<Double> protectedOnes, List<Double> others) {
    return median(protectedOnes, others, (a, b) -> a / b);
  }

  /** Median of {@code protectedOnes[i] - others[i]}. */
  static double difference(List<Double> protectedOnes, List<Double> others) {
    return median(protectedOnes, others, (a, b) -> a - b);
  }

  static double median(List<Double> values) {
    return Samples.of(values.stream().mapToDouble(Double::doubleValue).toArray()).median();
  }

  private static double median(List<Double> a, List<Double> b, DoubleBinaryOperator compare) {
    if (a.size() != b.size() || a.isEmpty()) {
      throw new IllegalArgumentException(
          "series of " + a.size() + " and " + b.size() + " turns cannot be compared");
    }
    Samples compared = new Samples();
    for (int i = 0; i < a.size(); i++) {
      compared.add(compare.applyAsDouble(a.get(i), b.get(i)));
    }
    return compared.median();
  }
}
