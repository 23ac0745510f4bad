package io.tardigrade.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads content where its layers say that it lies: in the log, in the base file, or nowhere. */
final class LayerReader {
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

  /** What is handed over at once. */
  private static final int CHUNK_BYTES = 64 << 10;

  private final BlockFile base;
  private final EpochLog log;
  private @Nullable ByteBuffer handedOver;

  LayerReader(BlockFile base, EpochLog log) {
    this.base = base;
    this.log = log;
  }

  /** Reads [from, to) as seen through the layers 0 to {@code top}. */
  void read(List<BlockLayer> layers, int top, long from, long to, ByteBuffer dst)
      throws IOException {
    if (top < 0) {
      int limit = dst.limit();
      base.read(from, dst.limit(dst.position() + (int) (to - from)));
      dst.limit(limit);
      return;
    }
    BlockLayer layer = layers.get(top);
    while (from < to) {
      Extent extent = layer.atOrAfter(from);
      long end = extent == null ? to : Math.min(to, Math.max(from, extent.offset()));
      if (end > from) {
        read(layers, top - 1, from, end, dst);
      } else if (extent != null) {
        end = Math.min(to, extent.end());
        readExtent(extent.part(from, end), dst);
      }
      from = end;
    }
  }

  private void readExtent(Extent extent, ByteBuffer dst) throws IOException {
    int limit = dst.limit();
    int length = (int) extent.length();
    if (extent.isZero()) {
      for (int done = 0; done < length; ) {
        int n = Math.min(ZEROES.capacity(), length - done);
        dst.put(dst.position(), ZEROES, 0, n).position(dst.position() + n);
        done += n;
      }
      return;
    }
    log.file(extent.source()).file().read(extent.position(), dst.limit(dst.position() + length));
    dst.limit(limit);
  }

  /** Hands over all that a layer changes, in the order of offsets. One thread at a time. */
  void handOver(BlockLayer layer, VolumeChanges to) throws IOException {
    ByteBuffer chunk = handedOver;
    if (chunk == null) {
      chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      handedOver = chunk;
    }
    for (Extent extent : layer.extents()) {
      if (extent.isZero()) {
        to.zeroed(extent.offset(), extent.length(), extent.source() == Extent.TRIM);
        continue;
      }
      for (long at = extent.offset(); at < extent.end(); at += chunk.limit()) {
        long end = Math.min(extent.end(), at + CHUNK_BYTES);
        readExtent(extent.part(at, end), chunk.clear().limit((int) (end - at)));
        to.written(at, chunk.flip());
      }
    }
  }
}
