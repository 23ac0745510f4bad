package io.tardigrade.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes what epochs wrote to a volume; offsets and lengths are bytes. */
public interface VolumeChanges {
  /** At most 64 KiB became {@code content}, which is the giver's and changes afterwards. */
  void written(long offset, ByteBuffer content) throws IOException;

  /** A range became zeroes; with {@code trimmed} its space may be given back. */
  void zeroed(long offset, long length, boolean trimmed) throws IOException;
}
