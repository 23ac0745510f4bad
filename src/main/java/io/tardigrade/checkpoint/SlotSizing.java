package io.tardigrade.checkpoint;

/**
 * How many pages a slot keeps space for: as many as the second largest of its last epochs needed,
 * so that a steady load never allocates while its guest is paused and a single huge epoch is given
 * back at once.
 */
final class SlotSizing {
  private static final int EPOCHS = 8;

  private final long[] used = new long[EPOCHS];
  private final long pagesMin;
  private int next;

  SlotSizing(long pagesMin) {
    this.pagesMin = pagesMin;
  }

  /** Notes an epoch; returns the pages to keep from now on. */
  long keepAfter(long pagesUsed) {
    used[next] = pagesUsed;
    next = (next + 1) % EPOCHS;
    long largest = 0;
    long second = 0;
    for (long pages : used) {
      second = Math.max(second, Math.min(largest, pages));
      largest = Math.max(largest, pages);
    }
    return Math.max(pagesMin, second);
  }
}
