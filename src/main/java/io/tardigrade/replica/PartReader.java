package io.tardigrade.replica;

import io.tardigrade.replication.PageCodec;
import io.tardigrade.replication.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A part of an epoch: what it changes, in sections, big-endian. Parts of an epoch are read in
 * order, and each can be understood without the others.
 *
 * <pre>
 *   part     section…
 *   section  kind 1, length 4, so many bytes
 *   1 UNITS  pages, device state and marks, as {@link PageCodec} draws them
 *   2 DISKS  one behind the other:
 *    0      1      2          10         18
 *   +------+------+----------+----------+------------------------+
 *   | disk | kind | offset   | length   |                        |
 *   +------+------+----------+----------+------------------------+
 *   | 0 plain     | content, length bytes, at most 64 KiB         |
 *   | 1 packed    | length 4, deflated content                    |
 *   | 2 zero      | nothing: the range became zeroes              |
 *   | 3 trim      | nothing: and its space may be given back      |
 *   +-------------+-----------------------------------------------+
 * </pre>
 *
 * <p>Doing again what an epoch did, and what those after it did up to one from which some contents
 * came, ends at that one: every byte is what the last of them said, or was never changed by them. A
 * synchronisation relies on that. Not for several threads.
 */
final class PartReader implements AutoCloseable {
  static final int UNITS = 1;
  static final int DISKS = 2;
  static final int SECTION_HEAD_BYTES = 5;

  static final int PLAIN = 0;
  static final int PACKED = 1;
  static final int ZERO = 2;
  static final int TRIM = 3;
  static final int WRITE_HEAD_BYTES = 18;
  static final int WRITE_BYTES_MAX = 64 << 10;

  private final PageCodec codec = new PageCodec();
  private final Inflater inflater = new Inflater(true);
  private final byte[] unpacked = new byte[WRITE_BYTES_MAX];

  /**
   * Hands over all of a part; its position stays.
   *
   * @throws WireException where it is none; what came before the fault was handed over
   */
  void read(ByteBuffer part, PartSink sink) throws IOException, WireException {
    ByteBuffer in = part.slice();
    while (in.hasRemaining()) {
      need(in, SECTION_HEAD_BYTES);
      int kind = in.get();
      ByteBuffer section = slice(in, in.getInt());
      switch (kind) {
        case UNITS -> codec.decode(section, sink);
        case DISKS -> {
          while (section.hasRemaining()) {
            readWrite(section, sink);
          }
        }
        default -> throw new WireException("section of kind " + kind + ", expected 1 or 2");
      }
    }
  }

  /** Hands over units that are not in a part. */
  void readUnits(ByteBuffer units, PageCodec.Units sink) throws WireException {
    codec.decode(units, sink);
  }

  private void readWrite(ByteBuffer in, PartSink sink) throws IOException, WireException {
    need(in, WRITE_HEAD_BYTES);
    int disk = in.get();
    int kind = in.get();
    long offset = in.getLong();
    long length = in.getLong();
    switch (kind) {
      case PLAIN -> sink.written(disk, offset, slice(in, bounded(length)));
      case PACKED -> {
        int bytes = bounded(length);
        need(in, Integer.BYTES);
        inflate(slice(in, in.getInt()), bytes);
        sink.written(disk, offset, ByteBuffer.wrap(unpacked, 0, bytes).slice());
      }
      case ZERO, TRIM -> sink.zeroed(disk, offset, length, kind == TRIM);
      default -> throw new WireException("disk write of kind " + kind + ", expected 0 to 3");
    }
  }

  private static int bounded(long length) throws WireException {
    if (length < 1 || length > WRITE_BYTES_MAX) {
      throw new WireException(
          "disk write of " + length + " bytes, expected 1 to " + WRITE_BYTES_MAX);
    }
    return (int) length;
  }

  private void inflate(ByteBuffer packed, int bytes) throws WireException {
    inflater.reset();
    inflater.setInput(packed);
    try {
      if (inflater.inflate(unpacked, 0, bytes) != bytes
          || inflater.inflate(new byte[1]) != 0
          || !inflater.finished()) {
        throw new WireException("disk write does not unpack to " + bytes + " bytes");
      }
    } catch (DataFormatException e) {
      throw new WireException("disk write does not unpack: " + e.getMessage());
    }
  }

  private static ByteBuffer slice(ByteBuffer in, int bytes) throws WireException {
    if (bytes < 0) {
      throw new WireException("length " + bytes + " where none below 0 is expected");
    }
    need(in, bytes);
    ByteBuffer slice = in.slice(in.position(), bytes);
    in.position(in.position() + bytes);
    return slice;
  }

  private static void need(ByteBuffer in, int bytes) throws WireException {
    if (in.remaining() < bytes) {
      throw new WireException("part ends " + (bytes - in.remaining()) + " bytes too early");
    }
  }

  @Override
  public void close() {
    codec.close();
    inflater.end();
  }
}
