package io.tardigrade.monitor;

import java.util.Locale;

/** Figures in the sentences of signals and decisions. */
public final class Words {
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;

  private Words() {}

  /** {@code 500 ms}, {@code 45 s}, {@code 12 min}, {@code 3.2 h}, {@code 4.0 days}. */
  public static String span(long millis) {
    if (millis > 0 && millis < 1000) {
      return millis + " ms";
    }
    if (millis < 2 * MINUTE) {
      return millis / 1000 + " s";
    }
    if (millis < 2 * HOUR) {
      return millis / MINUTE + " min";
    }
    return millis < 48 * HOUR
        ? String.format(Locale.ROOT, "%.1f h", (double) millis / HOUR)
        : String.format(Locale.ROOT, "%.1f days", (double) millis / (24 * HOUR));
  }

  /** {@code 12 %}. */
  public static String percent(double percent) {
    return String.format(Locale.ROOT, "%.0f %%", percent);
  }

  /** {@code once}, {@code twice}, {@code 3 times}. */
  public static String times(long number) {
    return number == 1 ? "once" : number == 2 ? "twice" : number + " times";
  }

  /** {@code 1 error}, {@code 3 errors}. */
  public static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
