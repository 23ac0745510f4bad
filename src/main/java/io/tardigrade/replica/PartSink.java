package io.tardigrade.replica;

import io.tardigrade.replication.PageCodec;
import io.tardigrade.replication.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes what the parts of an epoch change. */
interface PartSink extends PageCodec.Units {
  /** At most {@link PartReader#WRITE_BYTES_MAX} of a disk. */
  void written(int disk, long offset, ByteBuffer content) throws IOException, WireException;

  /** A range of a disk became zeroes. */
  void zeroed(int disk, long offset, long bytes, boolean trimmed) throws IOException, WireException;
}
