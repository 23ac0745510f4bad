package io.tardigrade.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC32C over parts of one memory segment, without allocating: buffers are the only form the
 * processor's instruction is offered for, and they end at 2 GiB. For one thread at a time.
 */
final class Checksummer {
  private static final int WINDOW_SHIFT = 30;
  private static final long WINDOW_BYTES = 1L << WINDOW_SHIFT;

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer[] windows;

  Checksummer(MemorySegment memory) {
    long bytes = memory.byteSize();
    windows = new ByteBuffer[Math.toIntExact((bytes + WINDOW_BYTES - 1) >>> WINDOW_SHIFT)];
    for (int i = 0; i < windows.length; i++) {
      long start = (long) i << WINDOW_SHIFT;
      windows[i] = memory.asSlice(start, Math.min(WINDOW_BYTES, bytes - start)).asByteBuffer();
    }
  }

  /** Starts a new sum. */
  Checksummer start() {
    crc.reset();
    return this;
  }

  /** Takes in a range. */
  Checksummer add(long offset, long bytes) {
    for (long done = 0; done < bytes; ) {
      long at = offset + done;
      int inWindow = (int) (at & (WINDOW_BYTES - 1));
      int step = (int) Math.min(bytes - done, WINDOW_BYTES - inWindow);
      ByteBuffer window = windows[(int) (at >>> WINDOW_SHIFT)];
      window.limit(inWindow + step).position(inWindow);
      crc.update(window);
      done += step;
    }
    return this;
  }

  /** The sum of all that was added since {@link #start}. */
  int value() {
    return (int) crc.getValue();
  }
}
