package io.tardigrade.bench;

import java.util.Locale;

/**
 * A figure to reach.
 *
 * @param group the measure that tells
 * @param title of its row
 * @param quantity of the row's values
 * @param judged what the limit is for
 * @param atMost whether the limit is an upper one
 * @param limit in base units
 */
record Goal(
    String group, String title, Quantity quantity, Judged judged, boolean atMost, double limit) {

  /** Which of a row's values is compared with the limit. */
  enum Judged {
    /** The protected guest's own value. */
    PROTECTED,
    /** Protected minus unprotected. */
    DIFFERENCE,
    /** Protected by unprotected, or by the alternative. */
    RATIO
  }

  static Goal atMost(String group, String title, Quantity quantity, Judged judged, double limit) {
    return new Goal(group, title, quantity, judged, true, limit);
  }

  static Goal atLeast(String group, String title, Quantity quantity, Judged judged, double limit) {
    return new Goal(group, title, quantity, judged, false, limit);
  }

  /** Decides on the value as measured, never on a rounded one; what is no number misses. */
  boolean isMetBy(double value) {
    return atMost ? value <= limit : value >= limit;
  }

  /** Like {@code ≤ 2.50 ms}. */
  String text() {
    Quantity shown = judged == Judged.RATIO ? Quantity.RATIO : quantity;
    return (atMost ? "≤ " : "≥ ")
        + shown.text(limit)
        + (judged == Judged.DIFFERENCE ? " more" : "").toLowerCase(Locale.ROOT);
  }
}
