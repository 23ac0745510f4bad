package io.tardigrade.checkpoint;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * An epoch and its own checksum in the 8 bytes that one store can change.
 *
 * <pre>
 *   63            16 15       0
 *  +----------------+----------+
 *  |     epoch      |  check   |   check: both halves of the epoch's CRC32C, exclusive-or'ed
 *  +----------------+----------+
 * </pre>
 */
final class CheckedWord {
  static final long EPOCH_MAX = (1L << 48) - 1;

  private CheckedWord() {}

  static long encode(long epoch) {
    return (epoch << 16) | check(epoch);
  }

  /** The epoch, or a refusal that names {@code what}. */
  static long decode(long word, String what) throws ImageException {
    long epoch = word >>> 16;
    if ((word & 0xffff) != check(epoch)) {
      throw ImageException.damaged(
          what, "word " + Long.toHexString(word) + " does not match its checksum");
    }
    return epoch;
  }

  private static long check(long epoch) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, epoch));
    return ((crc.getValue() >>> 16) ^ crc.getValue()) & 0xffff;
  }
}
