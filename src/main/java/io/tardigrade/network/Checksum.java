package io.tardigrade.network;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The Internet checksum (RFC 1071): ones' complement sum of 16-bit words, complemented. */
final class Checksum {
  private static final ValueLayout.OfShort WORD =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Checksum() {}

  /** The unfolded sum over a range; an odd last byte counts as the upper half of a word. */
  static long sum(MemorySegment memory, long offset, int length) {
    long sum = 0;
    for (int i = 0; i + 1 < length; i += 2) {
      sum += memory.get(WORD, offset + i) & 0xffff;
    }
    return length % 2 == 0
        ? sum
        : sum + ((memory.get(ValueLayout.JAVA_BYTE, offset + length - 1) & 0xff) << 8);
  }

  /** Folds a sum into the 16 bits that stand in a header. */
  static short fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (short) ~folded;
  }
}
