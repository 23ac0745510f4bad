package io.tardigrade.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The newest epoch of an image that another process has open, or has just lost: read past its lock
 * and unchecked, to see whether a guest gets on. Nothing is resumed from it.
 */
public final class EpochHint {
  /** Where nothing is committed, or nothing can be told. */
  public static final long NONE = -1;

  private EpochHint() {}

  /** The newest epoch sealed in the image in {@code dir}, or {@link #NONE}. */
  public static long newest(Path dir) {
    long newest = NONE;
    for (int slot = 0; slot < ImageState.SLOTS_MAX; slot++) {
      newest = Math.max(newest, sealed(dir.resolve(Slot.nameOf(slot))));
    }
    return newest;
  }

  private static long sealed(Path file) {
    ByteBuffer header = ByteBuffer.allocate(RedoRecord.HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (header.hasRemaining() && channel.read(header, header.position()) > 0) {
        // Until the header is whole.
      }
    } catch (IOException e) {
      return NONE;
    }
    return header.hasRemaining() ? NONE : RedoRecord.sealedEpoch(header);
  }
}
