package io.tardigrade.block;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The file operations a volume needs: the seam at which tests put a disk that crashes. Any number
 * of threads may read and write at once. Nothing written is durable before {@link #sync} returns;
 * until then a power loss may keep, tear or lose each write, in any order.
 */
interface BlockFile extends Closeable {
  /** Fills the rest of {@code dst}; EOFException where the file ends before. */
  void read(long position, ByteBuffer dst) throws IOException;

  /** Writes the rest of {@code src}, extending the file where necessary. */
  void write(long position, ByteBuffer src) throws IOException;

  /** Makes a range within the file read as zeroes, giving its blocks back where asked to. */
  void zero(long position, long length, boolean deallocate) throws IOException;

  void sync() throws IOException;

  long size() throws IOException;

  void truncate(long size) throws IOException;
}
