package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Takes frames where they lie, without an object per frame. */
@FunctionalInterface
public interface FrameSink {
  /**
   * Takes the frame of {@code length} bytes at {@code offset} of {@code memory}, which belong to
   * the caller again when this returns.
   */
  void frame(MemorySegment memory, long offset, int length) throws IOException;
}
