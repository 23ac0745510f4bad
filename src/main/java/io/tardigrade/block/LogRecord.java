package io.tardigrade.block;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One record of a volume's epoch log.
 *
 * <pre>
 *   records, big-endian, one behind the other
 *      0  u32  magic "TREC"
 *      4  u32  type           code of Type
 *      8  u64  generation     that of the file's header when this was written
 *     16  u64  sequence       0, 1, 2, … within the generation
 *     24  u64  epoch          the write belongs to this epoch or a later one not closed before it
 *     32  u64  offset         within the volume            (START: generation continued, or 0)
 *     40  u64  length         bytes of the volume changed  (START: records of that generation)
 *     48  u32  payload bytes  length for WRITE, else 0
 *     52  u32  CRC32C of bytes 0 to 51 and the payload
 *     56       payload
 *
 *   START w w w w PREPARED(5) ~pad~ w w w PREPARED(6) ~pad~ w ROLLBACK(6) w w …torn tail
 *                             ^ next record at a multiple of 4096
 * </pre>
 *
 * <p>A reader goes on while magic, generation, sequence, bounds and checksum hold, so the first
 * record that was torn, lost or is left over from an earlier generation ends the log. A PREPARED
 * record is padded to a whole block because what is written next is not durable yet, and must not
 * share a block with what is.
 */
record LogRecord(
    Type type,
    long generation,
    long sequence,
    long epoch,
    long offset,
    long length,
    int payloadBytes,
    int crc) {
  static final int HEADER_BYTES = 56;
  static final int PAYLOAD_BYTES_MAX = 32 << 20;
  static final int BLOCK_BYTES = 4096;

  private static final int MAGIC = 0x54524543;
  private static final int CRC_AT = 52;

  /** What a record says. */
  enum Type {
    /** First of its generation: which records of the other file come before it. */
    START(1),
    /** The payload was written at offset. */
    WRITE(2),
    /** The range became zeroes and stays allocated. */
    ZERO(3),
    /** The range became zeroes and its space may be given back. */
    TRIM(4),
    /** Every record up to this epoch precedes this one: it can be recovered to. */
    PREPARED(5),
    /** Every record before this one of a later epoch is void. */
    ROLLBACK(6);

    private final int code;

    Type(int code) {
      this.code = code;
    }

    static @Nullable Type of(int code) {
      return switch (code) {
        case 1 -> START;
        case 2 -> WRITE;
        case 3 -> ZERO;
        case 4 -> TRIM;
        case 5 -> PREPARED;
        case 6 -> ROLLBACK;
        default -> null;
      };
    }
  }

  /** Encodes a header, checksum included, at the start of {@code out}; the payload is not moved. */
  static void encode(
      ByteBuffer out,
      Type type,
      long generation,
      long sequence,
      long epoch,
      long offset,
      long length,
      @Nullable ByteBuffer payload,
      CRC32C crc) {
    out.clear();
    out.putInt(MAGIC).putInt(type.code).putLong(generation).putLong(sequence);
    out.putLong(epoch).putLong(offset).putLong(length);
    out.putInt(payload == null ? 0 : payload.remaining());
    crc.reset();
    crc.update(out.flip());
    if (payload != null) {
      int position = payload.position();
      crc.update(payload);
      payload.position(position);
    }
    out.limit(HEADER_BYTES).putInt(CRC_AT, (int) crc.getValue()).position(HEADER_BYTES);
  }

  /**
   * Decodes a header of {@link #HEADER_BYTES}; null where it is none or its fields cannot be. The
   * checksum is left for {@link #matches}.
   */
  static @Nullable LogRecord decode(ByteBuffer in, long volumeBytes) {
    Type type = Type.of(in.getInt(4));
    if (in.getInt(0) != MAGIC || type == null) {
      return null;
    }
    LogRecord record =
        new LogRecord(
            type,
            in.getLong(8),
            in.getLong(16),
            in.getLong(24),
            in.getLong(32),
            in.getLong(40),
            in.getInt(48),
            in.getInt(CRC_AT));
    return record.isPlausible(volumeBytes) ? record : null;
  }

  private boolean isPlausible(long volumeBytes) {
    if (epoch < 0 || offset < 0 || length < 0) {
      return false;
    }
    boolean inVolume = length > 0 && length <= volumeBytes && offset <= volumeBytes - length;
    return switch (type) {
      case WRITE -> inVolume && payloadBytes == length && payloadBytes <= PAYLOAD_BYTES_MAX;
      case ZERO, TRIM -> inVolume && payloadBytes == 0;
      case START, PREPARED, ROLLBACK -> payloadBytes == 0;
    };
  }

  /** Whether {@code crc}, fed with the header's first bytes and the payload, is the record's. */
  boolean matches(CRC32C crc) {
    return (int) crc.getValue() == this.crc;
  }

  /** Feeds the header's part of the checksum. */
  static void startCrc(CRC32C crc, ByteBuffer header) {
    crc.reset();
    crc.update(header.slice(0, CRC_AT));
  }

  /** Where the record after one at {@code position} begins. */
  static long next(long position, Type type, int payloadBytes) {
    long end = position + HEADER_BYTES + payloadBytes;
    return type == Type.PREPARED ? (end + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES : end;
  }
}
