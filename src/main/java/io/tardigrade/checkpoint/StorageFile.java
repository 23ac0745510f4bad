package io.tardigrade.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One file of an image, mapped whole. A store to a part that is not allocated would kill the
 * process when the file system is full, so every store must be preceded by {@link #allocate}.
 */
interface StorageFile extends Closeable {
  ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * The mapping, to read; written directly only by those who stage pages into an unsealed record.
   */
  MemorySegment memory();

  /** Copies bytes in; a crash may leave any part of them stored. */
  void copyFrom(MemorySegment source, long sourceOffset, long offset, long bytes);

  /** Stores 8 aligned bytes; may be reordered with other such stores. */
  void put(long offset, long value);

  /**
   * Stores 8 aligned bytes at once, after all stores before and ahead of all stores that follow.
   */
  void publish(long offset, long value);

  /**
   * Gives a range its space, keeping contents; idempotent.
   *
   * @throws NoSpaceException when there is not enough; then nothing changed
   */
  void allocate(long offset, long bytes) throws IOException;

  /** Gives the space of a range back; it reads as zeros and must not be stored to any more. */
  void release(long offset, long bytes) throws IOException;

  @Override
  void close();

  /** Reads 8 aligned bytes. */
  default long get(long offset) {
    return memory().get(LONG, offset);
  }
}
