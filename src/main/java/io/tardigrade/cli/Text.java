package io.tardigrade.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Values as people read them. */
final class Text {
  static final String NONE = "-";

  private Text() {}

  /** {@code text} without what would move a terminal's cursor: guests can put anything there. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", " ");
  }

  static String orNone(@Nullable Object value) {
    return value == null || value.toString().isEmpty() ? NONE : value.toString();
  }

  /** {@code 42s}, {@code 5m}, {@code 3h}, {@code 12d}. */
  static String age(Instant since, Instant now) {
    Duration age = Duration.between(since, now);
    long seconds = Math.max(0, age.toSeconds());
    if (seconds < 120) {
      return seconds + "s";
    }
    if (seconds < 2 * 3600) {
      return seconds / 60 + "m";
    }
    return seconds < 2 * 86_400 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
  }

  /** {@code 2.6 ms / 3.5 ms}. */
  static String quantiles(@Nullable Double p50, @Nullable Double p99) {
    return p50 == null || p99 == null ? NONE : millis(p50) + " / " + millis(p99);
  }

  static String millis(double seconds) {
    return String.format(Locale.ROOT, "%.1f ms", seconds * 1000);
  }

  static String shortened(String text, int charsMax) {
    return text.length() <= charsMax ? text : text.substring(0, charsMax - 1) + "…";
  }
}
