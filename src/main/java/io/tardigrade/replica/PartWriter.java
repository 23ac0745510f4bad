package io.tardigrade.replica;

import io.tardigrade.block.VolumeChanges;
import io.tardigrade.replication.PageCodec;
import io.tardigrade.replication.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;

/**
 * Puts an epoch into parts, each to be sent and read by itself (drawn in {@link PartReader}). Not
 * for several threads. To be closed, for memory outside the heap.
 */
final class PartWriter implements AutoCloseable {
  private static final byte[] UNKNOWN = new byte[0];

  private final PageCodec codec = new PageCodec();
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
  private final byte[] packed = new byte[PartReader.WRITE_BYTES_MAX];
  private final ByteBuffer part = ByteBuffer.allocate(WireFormat.PAYLOAD_BYTES_MAX);
  private Parts out = p -> {};
  private int section = -1;
  private int parts;

  /** Takes parts in order. */
  @FunctionalInterface
  interface Parts {
    /** The buffer is the writer's, and changes after. */
    void take(ByteBuffer part) throws IOException;
  }

  void begin(Parts to) {
    out = to;
    part.clear();
    section = -1;
    parts = 0;
  }

  /**
   * Adds a unit.
   *
   * @param before the unit at the epoch before, null where that is not known here
   */
  void unit(long unit, byte @org.jspecify.annotations.Nullable [] before, byte[] now)
      throws IOException {
    room(PartReader.UNITS, PageCodec.ENTRY_BYTES_MAX);
    codec.encode(unit, before == null ? UNKNOWN : before, now, part);
  }

  /** Takes what was written to a disk. */
  VolumeChanges disk(int disk) {
    return new VolumeChanges() {
      @Override
      public void written(long offset, ByteBuffer content) throws IOException {
        PartWriter.this.written(disk, offset, content);
      }

      @Override
      public void zeroed(long offset, long length, boolean trimmed) throws IOException {
        int kind = trimmed ? PartReader.TRIM : PartReader.ZERO;
        head(disk, kind, offset, length, 0);
      }
    };
  }

  private void written(int disk, long offset, ByteBuffer content) throws IOException {
    int bytes = content.remaining();
    deflater.reset();
    deflater.setInput(content.duplicate());
    deflater.finish();
    int packedBytes = deflater.deflate(packed, 0, bytes);
    if (deflater.finished() && packedBytes + Integer.BYTES < bytes) {
      head(disk, PartReader.PACKED, offset, bytes, Integer.BYTES + packedBytes);
      part.putInt(packedBytes).put(packed, 0, packedBytes);
    } else {
      head(disk, PartReader.PLAIN, offset, bytes, bytes);
      part.put(content.duplicate());
    }
  }

  private void head(int disk, int kind, long offset, long length, int bytesBehind)
      throws IOException {
    room(PartReader.DISKS, PartReader.WRITE_HEAD_BYTES + bytesBehind);
    part.put((byte) disk).put((byte) kind).putLong(offset).putLong(length);
  }

  /** Sees to an open section of this kind with so much room. */
  private void room(int kind, int bytes) throws IOException {
    boolean open = section >= 0 && part.get(section) == kind;
    int needed = bytes + (open ? 0 : PartReader.SECTION_HEAD_BYTES);
    if (part.remaining() < needed) {
      emit();
      open = false;
    }
    if (!open) {
      closeSection();
      section = part.position();
      part.put((byte) kind).putInt(0);
    }
  }

  private void closeSection() {
    if (section >= 0) {
      part.putInt(section + 1, part.position() - section - PartReader.SECTION_HEAD_BYTES);
      section = -1;
    }
  }

  private void emit() throws IOException {
    closeSection();
    out.take(part.flip());
    part.clear();
    parts++;
  }

  /** Hands over the last part; there is always one. */
  void end() throws IOException {
    if (parts == 0 || part.position() > 0) {
      emit();
    }
  }

  @Override
  public void close() {
    codec.close();
    deflater.end();
  }
}
