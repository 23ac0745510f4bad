package io.tardigrade.replica;

import io.tardigrade.replication.EpochId;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An epoch's id, kept with the epoch in its image, behind the marks that the guardian keeps there.
 * The image's own numbers count what was stored on this host only.
 *
 * <pre>
 *   guardian's marks | reign 8 | epoch 8 | magic "TDGEPOCH"
 * </pre>
 *
 * <p>An image of a guest that was never replicated has none: its epochs are of reign 0.
 */
final class EpochMarks {
  private static final long MAGIC = 0x54444745_504f4348L;
  private static final int BYTES = 24;

  private EpochMarks() {}

  static byte[] encode(byte[] guardians, EpochId id) {
    return ByteBuffer.allocate(guardians.length + BYTES)
        .put(guardians)
        .putLong(id.reign())
        .putLong(id.epoch())
        .putLong(MAGIC)
        .array();
  }

  private static boolean hasId(byte[] marks) {
    return marks.length >= BYTES
        && ByteBuffer.wrap(marks).getLong(marks.length - Long.BYTES) == MAGIC;
  }

  /** What the guardian keeps. */
  static byte[] guardians(byte[] marks) {
    return hasId(marks) ? Arrays.copyOf(marks, marks.length - BYTES) : marks;
  }

  /** The epoch's id. */
  static EpochId id(byte[] marks, long imageEpoch) {
    if (!hasId(marks)) {
      return new EpochId(0, imageEpoch);
    }
    ByteBuffer in = ByteBuffer.wrap(marks).position(marks.length - BYTES);
    return new EpochId(in.getLong(), in.getLong());
  }
}
