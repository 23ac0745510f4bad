package io.tardigrade.bench;

import java.util.ArrayList;
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

  /** The middle value; between the two in the middle where their number is even. */
  static double median(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static double median(List<Double> a, List<Double> b, DoubleBinaryOperator compare) {
    if (a.size() != b.size() || a.isEmpty()) {
      throw new IllegalArgumentException(
          "series of " + a.size() + " and " + b.size() + " turns cannot be compared");
    }
    List<Double> compared = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      compared.add(compare.applyAsDouble(a.get(i), b.get(i)));
    }
    return median(compared);
  }
}
