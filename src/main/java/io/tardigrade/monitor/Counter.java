package io.tardigrade.monitor;

import java.util.regex.Pattern;

/** Files of /proc and /sys that hold one number: decimal, or hexadecimal after 0x. */
final class Counter {
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,18}");
  private static final Pattern HEXADECIMAL = Pattern.compile("0x[0-9a-fA-F]{1,15}");

  private Counter() {}

  static long parse(String what, String text) throws UnreadableException {
    String number = text.strip();
    if (DECIMAL.matcher(number).matches()) {
      return Long.parseLong(number);
    }
    if (HEXADECIMAL.matcher(number).matches()) {
      return Long.parseLong(number.substring(2), 16);
    }
    throw new UnreadableException(what, "a number", number);
  }
}
