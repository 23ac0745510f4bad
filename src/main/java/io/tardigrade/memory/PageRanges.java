package io.tardigrade.memory;

import java.util.Arrays;

/**
 * A growing list of page ranges of guest RAM, kept in plain arrays so that a checkpoint allocates
 * nothing once it is warm. Ranges are in the order they were added; neighbours that touch are
 * joined. Not thread-safe.
 */
public final class PageRanges {
  /** Bytes in a page, on x86-64. */
  public static final int PAGE_BYTES = 4096;

  private long[] firstPages = new long[256];
  private int[] counts = new int[256];
  private int size;
  private long pages;

  /** Adds {@code count} pages from page number {@code firstPage} on. */
  public void add(long firstPage, int count) {
    if (firstPage < 0 || count <= 0) {
      throw new IllegalArgumentException("range of " + count + " pages at " + firstPage);
    }
    pages += count;
    if (size > 0
        && firstPages[size - 1] + counts[size - 1] == firstPage
        && counts[size - 1] <= Integer.MAX_VALUE - count) {
      counts[size - 1] += count;
      return;
    }
    if (size == firstPages.length) {
      firstPages = Arrays.copyOf(firstPages, size * 2);
      counts = Arrays.copyOf(counts, size * 2);
    }
    firstPages[size] = firstPage;
    counts[size] = count;
    size++;
  }

  /** Adds all of {@code other}. */
  public void addAll(PageRanges other) {
    for (int i = 0; i < other.size; i++) {
      add(other.firstPages[i], other.counts[i]);
    }
  }

  /** Sorts the ranges and joins those that overlap or touch, so that each page is named once. */
  public void normalise() {
    Integer[] order = new Integer[size];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Long.compare(firstPages[a], firstPages[b]));
    long[] oldFirst = Arrays.copyOf(firstPages, size);
    int[] oldCounts = Arrays.copyOf(counts, size);
    clear();
    for (Integer i : order) {
      long first = oldFirst[i];
      long end = first + oldCounts[i];
      if (size > 0) {
        first = Math.max(first, firstPages[size - 1] + counts[size - 1]);
      }
      if (end > first) {
        add(first, (int) (end - first));
      }
    }
  }

  /** Whether a page is in any of the ranges; takes time in proportion to their number. */
  public boolean contains(long page) {
    for (int i = 0; i < size; i++) {
      if (page >= firstPages[i] && page - firstPages[i] < counts[i]) {
        return true;
      }
    }
    return false;
  }

  public void clear() {
    size = 0;
    pages = 0;
  }

  /** How many ranges there are. */
  public int size() {
    return size;
  }

  /** How many pages they hold together. */
  public long pages() {
    return pages;
  }

  /** The first page of range {@code i}. */
  public long firstPage(int i) {
    return firstPages[i];
  }

  /** The number of pages in range {@code i}. */
  public int count(int i) {
    return counts[i];
  }
}
