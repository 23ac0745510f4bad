package io.tardigrade.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The header of a log file. It lies in one of two slots, and a new one is always written to the
 * slot that does not hold the current one: a torn header leaves the old one in force.
 *
 * <pre>
 *      0                 4096              8192
 *      +-----------------+-----------------+---------------------
 *      | header slot 0   | header slot 1   | records, see LogRecord
 *      +-----------------+-----------------+---------------------
 *
 *   header slot, big-endian
 *      0  u64  magic "TARDLOG\n"
 *      8  u32  version, 1
 *     12  u32  zero
 *     16  u64  generation     unique among both files and all time; the higher slot is in force
 *     24  u64  life           which run of a guest the epochs are counted in
 *     32  u64  base epoch     records up to this epoch are in the base file, durably
 *     40  u64  volume bytes   size of the base file
 *     48  u64  oldest valid   a file of a lower generation counts as empty
 *     56  u32  CRC32C of bytes 0 to 55
 *     60       zeroes up to 4096
 * </pre>
 *
 * <p>Writing a new header empties the file: records carry the generation they were written under,
 * and those of another generation are not looked at, so old content need not be erased. Through
 * "oldest valid" one header empties both files at once.
 */
record LogHeader(long generation, long life, long baseEpoch, long volumeBytes, long oldestValid) {
  static final int SLOT_BYTES = 4096;
  static final long RECORDS_START = 2L * SLOT_BYTES;

  private static final long MAGIC = 0x54415244_4c4f470aL;
  private static final int VERSION = 1;
  private static final int CRC_AT = 56;
  private static final int USED_BYTES = 60;

  /** A header with the slot it was found in. */
  record Found(LogHeader header, int slot) {}

  ByteBuffer encode() {
    ByteBuffer out = ByteBuffer.allocateDirect(SLOT_BYTES);
    out.putLong(MAGIC).putInt(VERSION).putInt(0);
    out.putLong(generation).putLong(life).putLong(baseEpoch).putLong(volumeBytes);
    out.putLong(oldestValid);
    CRC32C crc = new CRC32C();
    crc.update(out.duplicate().flip());
    out.putInt((int) crc.getValue());
    return out.clear();
  }

  /** Decodes a slot; null where it holds no whole header. */
  static @Nullable LogHeader decode(ByteBuffer in) throws IOException {
    if (in.remaining() < USED_BYTES || in.getLong(0) != MAGIC) {
      return null;
    }
    CRC32C crc = new CRC32C();
    crc.update(in.slice(0, CRC_AT));
    if ((int) crc.getValue() != in.getInt(CRC_AT)) {
      return null;
    }
    if (in.getInt(8) != VERSION) {
      throw new IOException(
          "volume log of version "
              + Integer.toUnsignedString(in.getInt(8))
              + ", this program reads version "
              + VERSION
              + "; use the program that wrote it");
    }
    LogHeader header =
        new LogHeader(
            in.getLong(16), in.getLong(24), in.getLong(32), in.getLong(40), in.getLong(48));
    return header.generation > 0 && header.baseEpoch >= 0 ? header : null;
  }

  /** The header in force in a log file; null where it has none. */
  static @Nullable Found find(BlockFile file) throws IOException {
    Found found = null;
    long size = file.size();
    for (int slot = 0; slot < 2 && (long) slot * SLOT_BYTES < size; slot++) {
      int bytes = (int) Math.min(size - (long) slot * SLOT_BYTES, SLOT_BYTES);
      ByteBuffer in = ByteBuffer.allocateDirect(bytes);
      file.read((long) slot * SLOT_BYTES, in);
      LogHeader header = decode(in.flip());
      if (header != null && (found == null || header.generation > found.header.generation)) {
        found = new Found(header, slot);
      }
    }
    return found;
  }
}
