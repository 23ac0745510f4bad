package io.tardigrade.checkpoint;

/**
 * Finds a single flipped bit from the difference between two CRC32C sums, that of a page as it is
 * and the one it should have.
 *
 * <p>A CRC is linear: the difference depends only on which bits flipped. Over one page and its sum
 * together CRC32C has a Hamming distance of 4 (Castagnoli, Bräuer, Herrmann: Optimization of Cyclic
 * Redundancy-Check Codes with 24 and 32 Parity Bits, 1993), so all single bits differ in what they
 * do, and two never look like one. Three or more do so in about one of 130,000 cases.
 */
final class BitCorrection {
  /** The generator polynomial, lowest coefficient in the highest bit. */
  private static final int POLYNOMIAL = 0x82f63b78;

  private BitCorrection() {}

  /** Whether one flipped bit of the sum itself explains the difference. */
  static boolean isOfSum(int difference) {
    return Integer.bitCount(difference) == 1;
  }

  /** The number of the bit, 8 × byte + bit, whose flip explains the difference; -1 if none does. */
  static int bitOfPage(int difference) {
    int effect = POLYNOMIAL;
    for (int bit = Geometry.PAGE_BYTES * Byte.SIZE - 1; bit >= 0; bit--) {
      if (effect == difference) {
        return bit;
      }
      effect = (effect >>> 1) ^ ((effect & 1) != 0 ? POLYNOMIAL : 0);
    }
    return -1;
  }
}
