package io.tardigrade.monitor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Pressure stall information of one resource, as in /proc/pressure/{cpu,memory,io}; see the
 * kernel's Documentation/accounting/psi.rst.
 *
 * <pre>
 *   some avg10=2.80 avg60=1.14 avg300=0.89 total=7546038503
 *   full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *   │        └ percent of the last 10, 60, 300 s ┘    └ microseconds since boot
 *   └ some: at least one task waited; full: all that were not idle did
 * </pre>
 *
 * @param full absent for cpu before Linux 5.13
 */
public record Pressure(Stall some, @Nullable Stall full) {
  private static final int LINES_MAX = 8;
  private static final Pattern LINE =
      Pattern.compile(
          "(some|full) avg10=(\\d{1,3}\\.\\d{2}) avg60=(\\d{1,3}\\.\\d{2})"
              + " avg300=(\\d{1,3}\\.\\d{2}) total=(\\d{1,18})");

  /**
   * One line.
   *
   * @param percent10 share of the last 10 s, 0 to 100
   */
  public record Stall(double percent10, double percent60, double percent300, long totalMicros) {}

  /** Reads the text of one file. */
  public static Pressure parse(String text) throws UnreadableException {
    @Nullable Stall some = null;
    @Nullable Stall full = null;
    for (String line : text.lines().limit(LINES_MAX).toList()) {
      Matcher matcher = LINE.matcher(line.strip());
      if (!matcher.matches()) {
        throw new UnreadableException(
            "/proc/pressure", "a line 'some|full avg10=… avg60=… avg300=… total=…'", line);
      }
      Stall stall =
          new Stall(
              percent(matcher.group(2)),
              percent(matcher.group(3)),
              percent(matcher.group(4)),
              Long.parseLong(matcher.group(5)));
      if (matcher.group(1).equals("some")) {
        some = stall;
      } else {
        full = stall;
      }
    }
    if (some == null) {
      throw new UnreadableException("/proc/pressure", "a line 'some …'", "no such line");
    }
    return new Pressure(some, full);
  }

  private static double percent(String text) {
    return Math.min(100, Double.parseDouble(text));
  }

  double full60() {
    return full == null ? 0 : full.percent60();
  }
}
