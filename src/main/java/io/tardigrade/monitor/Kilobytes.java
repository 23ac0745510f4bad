package io.tardigrade.monitor;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines of the kernel's own table format, as in /proc/meminfo and /proc/PID/smaps_rollup:
 *
 * <pre>
 *   MemTotal:       24684092 kB
 *   └ name ┘        └ value ┘
 *   HugePages_Total:       0          (a count, without kB)
 * </pre>
 *
 * Values are handed out in bytes where they have a unit.
 */
final class Kilobytes {
  private static final int LINES_MAX = 512;
  private static final Pattern LINE = Pattern.compile("([\\w()]{1,64}):[ \\t]+(\\d{1,15})( kB)?");

  private final String what;
  private final Map<String, Long> values = new HashMap<>();

  private Kilobytes(String what) {
    this.what = what;
  }

  /** Reads all lines of this form; others are left out. */
  static Kilobytes parse(String what, String text) {
    Kilobytes table = new Kilobytes(what);
    text.lines()
        .limit(LINES_MAX)
        .forEach(line -> {
          Matcher matcher = LINE.matcher(line.strip());
          if (matcher.matches()) {
            long value = Long.parseLong(matcher.group(2));
            table.values.put(matcher.group(1), matcher.group(3) == null ? value : value * 1024);
          }
        });
    return table;
  }

  long required(String name) throws UnreadableException {
    Long value = values.get(name);
    if (value == null) {
      throw new UnreadableException(what, "a line '" + name + ": … kB'", "no such line");
    }
    return value;
  }

  OptionalLong optional(String name) {
    Long value = values.get(name);
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }

  long orZero(String name) {
    return values.getOrDefault(name, 0L);
  }
}
