package io.tardigrade.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * The folder of one image: with {@link StorageFile} the only way by which an image is changed, so
 * that tests can stop the world after any single change.
 */
interface Storage extends Closeable {
  /** Part of a file, in bytes. */
  record Extent(long offset, long bytes) {}

  /** Where a file lies, for others to open. */
  Path path(String name);

  /** The files there are, without the lock. */
  Set<String> names() throws IOException;

  /**
   * Makes a file of {@code bytes} zeros of which {@code allocated} already occupy space. The name
   * appears only when all of it is done; a crash before leaves {@code NAME.new}.
   */
  StorageFile create(String name, long bytes, Extent... allocated) throws IOException;

  /** Maps a file that must be there with exactly {@code bytes}. */
  StorageFile open(String name, long bytes) throws IOException;

  /** Removes a file; whoever has it mapped keeps what it has. */
  void delete(String name) throws IOException;

  /** Lets another process use the image. */
  @Override
  void close() throws IOException;
}
