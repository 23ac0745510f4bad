package io.tardigrade.replication;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Units of 4096 bytes as payload, each as whatever is smallest:
 *
 * <pre>
 *    0      1          9
 *   +------+----------+------------------------------------------------------+
 *   | kind | unit     |                                                      |
 *   +------+----------+------------------------------------------------------+
 *   | 0 zero          | nothing                                              |
 *   | 1 same          | nothing: as it was at the epoch before               |
 *   | 2 delta         | length 2, runs: skip 2, count 2, count bytes         |
 *   | 3 compressed    | length 2, deflated bytes                             |
 *   | 4 plain         | 4096 bytes                                           |
 *   +------+----------+------------------------------------------------------+
 * </pre>
 *
 * <p>A delta says what differs from the unit at the epoch before; both sides hold that one. Not for
 * several threads. To be closed, for memory outside the heap.
 */
public final class PageCodec implements AutoCloseable {
  /** Bytes of a unit. */
  public static final int UNIT_BYTES = 4096;

  /** The most that one unit takes in a payload. */
  public static final int ENTRY_BYTES_MAX = 9 + UNIT_BYTES;

  private static final int ZERO = 0;
  private static final int SAME = 1;
  private static final int DELTA = 2;
  private static final int COMPRESSED = 3;
  private static final int PLAIN = 4;

  /** Differences with fewer equal bytes between them are one. */
  private static final int GAP_BYTES = 5;

  /** Where a delta is so small it is not worth trying to compress instead. */
  private static final int DELTA_BYTES_GOOD = 512;

  private static final int SAMPLE_STEP = 8;
  private static final int VALUES_OF_NOISE = 195;

  private static final byte[] NOTHING = new byte[UNIT_BYTES];

  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
  private final Inflater inflater = new Inflater(true);
  private final byte[] deltaBytes = new byte[UNIT_BYTES];
  private final byte[] packedBytes = new byte[UNIT_BYTES];
  private final byte[] unitBytes = new byte[UNIT_BYTES];
  private final boolean[] seen = new boolean[256];

  /** Knows what a unit is at the epoch before, and takes what it becomes. */
  public interface Units {
    /**
     * Copies the unit as it is at the epoch before into {@code into}.
     *
     * @throws WireException where there is no such unit
     */
    void read(long unit, byte[] into) throws WireException;

    /** Takes the unit as it is from now on; {@code bytes} are the codec's and change after. */
    void write(long unit, byte[] bytes) throws WireException;
  }

  /**
   * Appends a unit.
   *
   * @param before the unit at the epoch before; empty where the receiver is not known to hold it
   * @param out with room for {@link #ENTRY_BYTES_MAX}
   */
  public void encode(long unit, byte[] before, byte[] now, ByteBuffer out) {
    if (Arrays.equals(now, NOTHING)) {
      out.put((byte) ZERO).putLong(unit);
      return;
    }
    int delta = UNIT_BYTES;
    if (before.length == UNIT_BYTES) {
      delta = delta(before, now);
      if (delta == 0) {
        out.put((byte) SAME).putLong(unit);
        return;
      }
    }
    int packed = delta <= DELTA_BYTES_GOOD || isNoise(now) ? UNIT_BYTES : deflate(now);
    if (delta < UNIT_BYTES && delta <= packed) {
      out.put((byte) DELTA).putLong(unit).putShort((short) delta).put(deltaBytes, 0, delta);
    } else if (packed < UNIT_BYTES) {
      out.put((byte) COMPRESSED).putLong(unit).putShort((short) packed).put(packedBytes, 0, packed);
    } else {
      out.put((byte) PLAIN).putLong(unit).put(now, 0, UNIT_BYTES);
    }
  }

  /** Bytes of the delta, {@link #UNIT_BYTES} where it would be no smaller than the unit. */
  private int delta(byte[] before, byte[] now) {
    ByteBuffer out = ByteBuffer.wrap(deltaBytes);
    int done = 0;
    int from = Arrays.mismatch(before, now);
    while (from >= 0 && from < UNIT_BYTES) {
      int to = endOfDifference(before, now, from);
      if (out.remaining() <= 4 + to - from) {
        return UNIT_BYTES;
      }
      out.putShort((short) (from - done)).putShort((short) (to - from)).put(now, from, to - from);
      done = to;
      int next = Arrays.mismatch(before, to, UNIT_BYTES, now, to, UNIT_BYTES);
      from = next < 0 ? -1 : to + next;
    }
    return out.position();
  }

  private static int endOfDifference(byte[] before, byte[] now, int from) {
    int end = from + 1;
    for (int i = end; i < UNIT_BYTES && i - end < GAP_BYTES; i++) {
      if (before[i] != now[i]) {
        end = i + 1;
      }
    }
    return end;
  }

  /** Whether so many values occur that it is a waste to try: 221 do in as much of random bytes. */
  private boolean isNoise(byte[] now) {
    Arrays.fill(seen, false);
    int values = 0;
    for (int i = 0; i < UNIT_BYTES; i += SAMPLE_STEP) {
      int value = now[i] & 0xff;
      values += seen[value] ? 0 : 1;
      seen[value] = true;
    }
    return values > VALUES_OF_NOISE;
  }

  private int deflate(byte[] now) {
    deflater.reset();
    deflater.setInput(now, 0, UNIT_BYTES);
    deflater.finish();
    int bytes = deflater.deflate(packedBytes);
    return deflater.finished() ? bytes : UNIT_BYTES;
  }

  /**
   * Reads a payload to its end.
   *
   * @throws WireException where it is none; units before the fault have been written
   */
  public void decode(ByteBuffer payload, Units units) throws WireException {
    ByteBuffer in = payload.duplicate();
    while (in.hasRemaining()) {
      need(in, 9);
      int kind = in.get();
      long unit = in.getLong();
      if (unit < 0) {
        throw new WireException("unit " + unit + " where none below 0 is expected");
      }
      decode(kind, unit, in, units);
      units.write(unit, unitBytes);
    }
  }

  private void decode(int kind, long unit, ByteBuffer in, Units units) throws WireException {
    switch (kind) {
      case ZERO -> Arrays.fill(unitBytes, (byte) 0);
      case SAME -> units.read(unit, unitBytes);
      case DELTA -> {
        units.read(unit, unitBytes);
        undelta(unit, part(in));
      }
      case COMPRESSED -> inflate(unit, part(in));
      case PLAIN -> {
        need(in, UNIT_BYTES);
        in.get(unitBytes);
      }
      default -> throw new WireException("unit " + unit + " of kind " + kind);
    }
  }

  private static ByteBuffer part(ByteBuffer in) throws WireException {
    need(in, 2);
    int bytes = in.getShort();
    if (bytes < 0) {
      throw new WireException("part of " + bytes + " bytes");
    }
    need(in, bytes);
    ByteBuffer part = in.slice(in.position(), bytes);
    in.position(in.position() + bytes);
    return part;
  }

  private static void need(ByteBuffer in, int bytes) throws WireException {
    if (in.remaining() < bytes) {
      throw new WireException("payload ends " + (bytes - in.remaining()) + " bytes too early");
    }
  }

  private void undelta(long unit, ByteBuffer runs) throws WireException {
    int at = 0;
    while (runs.hasRemaining()) {
      need(runs, 4);
      int skip = runs.getShort();
      int count = runs.getShort();
      need(runs, count);
      if (skip < 0 || count < 1 || at + skip + count > UNIT_BYTES) {
        throw new WireException("delta of unit " + unit + " goes beyond it");
      }
      runs.get(unitBytes, at + skip, count);
      at += skip + count;
    }
  }

  private void inflate(long unit, ByteBuffer packed) throws WireException {
    inflater.reset();
    inflater.setInput(packed);
    try {
      int bytes = inflater.inflate(unitBytes);
      if (bytes != UNIT_BYTES || inflater.inflate(new byte[1]) != 0 || !inflater.finished()) {
        throw new WireException("unit " + unit + " does not unpack to " + UNIT_BYTES + " bytes");
      }
    } catch (DataFormatException e) {
      throw new WireException("unit " + unit + " does not unpack: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    deflater.end();
    inflater.end();
  }
}
