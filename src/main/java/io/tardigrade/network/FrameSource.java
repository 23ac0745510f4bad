package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Where frames for a guest come from: a {@link Tap}, or whatever stands for one. */
public interface FrameSource {
  /** The non-blocking descriptor that is readable when a frame waits; not to be closed by users. */
  int fd();

  /**
   * Reads the next frame; what exceeds {@code buffer} is cut off.
   *
   * @return its length in bytes, -1 where none is waiting
   */
  long read(MemorySegment buffer) throws IOException;
}
