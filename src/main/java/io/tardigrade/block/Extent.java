package io.tardigrade.block;

/**
 * A range of a volume and where its newest content lies.
 *
 * @param offset first byte within the volume
 * @param length in bytes, at least 1
 * @param source index of the log file that holds the content, or {@link #ZERO} or {@link #TRIM}
 * @param position of the first byte within that log file, 0 for zeroes
 */
record Extent(long offset, long length, int source, long position) {
  /** Reads as zeroes, and its space stays allocated. */
  static final int ZERO = -1;

  /** Reads as zeroes, and its space is given back. */
  static final int TRIM = -2;

  long end() {
    return offset + length;
  }

  boolean isZero() {
    return source < 0;
  }

  /** The part of this extent within [from, to), which must lie inside it. */
  Extent part(long from, long to) {
    return new Extent(from, to - from, source, isZero() ? 0 : position + (from - offset));
  }
}
