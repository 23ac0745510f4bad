package io.tardigrade.monitor;

import java.util.ArrayDeque;

/**
 * How often something happened within a window. The oldest are forgotten beyond {@link
 * #ENTRIES_MAX}, which is more than any threshold. Not thread-safe.
 */
final class RateWindow {
  static final int ENTRIES_MAX = 4096;

  private final long windowMillis;
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private long total;

  private record Entry(long uptimeMillis, long number) {}

  RateWindow(long windowMillis) {
    this.windowMillis = windowMillis;
  }

  void add(long uptimeMillis, long number) {
    if (number <= 0) {
      return;
    }
    entries.addLast(new Entry(uptimeMillis, number));
    total += number;
    if (entries.size() > ENTRIES_MAX) {
      total -= entries.removeFirst().number();
    }
  }

  /** How often within the window that ends at {@code uptimeMillis}. */
  long count(long uptimeMillis) {
    while (!entries.isEmpty() && entries.getFirst().uptimeMillis() <= uptimeMillis - windowMillis) {
      total -= entries.removeFirst().number();
    }
    return total;
  }
}
