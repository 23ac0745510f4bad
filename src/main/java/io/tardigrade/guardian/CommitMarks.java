package io.tardigrade.guardian;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * What a checkpoint says beside pages and device state, for whoever finds its image after the host
 * was lost. Two 64-bit numbers, big-endian, in this order; an image of before has none.
 *
 * @param diskEpoch newest epoch by then in which the guest had written to its disks; 0 for none
 * @param takenMillis when it was taken, in milliseconds since 1970
 */
record CommitMarks(long diskEpoch, long takenMillis) {
  static final CommitMarks NONE = new CommitMarks(0, 0);

  private static final int BYTES = 16;

  MemorySegment encode() {
    return MemorySegment.ofArray(
        ByteBuffer.allocate(BYTES).putLong(diskEpoch).putLong(takenMillis).array());
  }

  static CommitMarks decode(byte[] marks) {
    if (marks.length < BYTES) {
      return NONE;
    }
    ByteBuffer in = ByteBuffer.wrap(marks);
    return new CommitMarks(in.getLong(), in.getLong());
  }
}
