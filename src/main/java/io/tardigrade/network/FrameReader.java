package io.tardigrade.network;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ProtocolException;
import java.nio.ByteOrder;

/**
 * Cuts the byte stream of QEMU's {@code -netdev stream} into Ethernet frames, wherever reads from
 * the socket happen to end.
 *
 * <pre>
 * offset 0  4 bytes  length of the frame, big-endian, {@value #FRAME_BYTES_MIN} to {@value #FRAME_BYTES_MAX}
 *        4  length   the frame, from the destination address on, without checksum
 * </pre>
 *
 * <p>Use: read into {@link #space}, tell {@link #received}, then take frames while {@link
 * #hasFrame}, each with {@link #consume}. Nothing is allocated per frame. Not safe for use by
 * several threads at once.
 */
public final class FrameReader {
  /** Longest frame: 64 KiB of payload that a guest without an MTU might send, and its header. */
  public static final int FRAME_BYTES_MAX = 65_550;

  /** Shortest frame: an Ethernet header. */
  public static final int FRAME_BYTES_MIN = 14;

  static final int HEAD_BYTES = 4;
  private static final int CAPACITY_BYTES = 256 << 10;
  private static final ValueLayout.OfInt LENGTH =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment buffer;

  /** Bytes from start to end are received and not yet consumed. */
  private int start;

  private int end;

  /** A reader whose buffer of 256 KiB lives in {@code arena}. */
  public FrameReader(Arena arena) {
    buffer = arena.allocate(CAPACITY_BYTES, 8);
  }

  /**
   * Where to read to. Its size is never 0 once {@link #hasFrame} has said no, and it invalidates
   * what {@link #offset} said before.
   */
  public MemorySegment space() {
    boolean roomForFrame = CAPACITY_BYTES - end >= HEAD_BYTES + FRAME_BYTES_MAX;
    if (start > 0 && (start == end || !roomForFrame)) {
      MemorySegment.copy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    return buffer.asSlice(end);
  }

  /** Tells that {@code bytes} were read into {@link #space}. */
  public void received(long bytes) {
    if (bytes < 0 || bytes > CAPACITY_BYTES - end) {
      throw new IllegalArgumentException(
          bytes + " bytes received into a space of " + (CAPACITY_BYTES - end));
    }
    end += (int) bytes;
  }

  /**
   * Whether a whole frame is there.
   *
   * @throws ProtocolException where the stream announces an impossible length: from there on it
   *     cannot be understood, and the peer is to be disconnected
   */
  public boolean hasFrame() throws ProtocolException {
    if (end - start < HEAD_BYTES) {
      return false;
    }
    int length = length();
    if (length < FRAME_BYTES_MIN || length > FRAME_BYTES_MAX) {
      throw new ProtocolException(
          "frame of "
              + Integer.toUnsignedLong(length)
              + " bytes from the hypervisor, expected "
              + FRAME_BYTES_MIN
              + " to "
              + FRAME_BYTES_MAX);
    }
    return end - start - HEAD_BYTES >= length;
  }

  /** The memory in which the frame lies; always the same segment. */
  public MemorySegment memory() {
    return buffer;
  }

  /** Where the frame lies; only after {@link #hasFrame} said so. */
  public int offset() {
    return start + HEAD_BYTES;
  }

  /** The frame's length in bytes; only after {@link #hasFrame} said so. */
  public int length() {
    return buffer.get(LENGTH, start);
  }

  /** Goes on to the next frame. */
  public void consume() {
    start += HEAD_BYTES + length();
  }

  /** Bytes received and not yet consumed. */
  public int pendingBytes() {
    return end - start;
  }

  /** Forgets everything received: a new connection starts. */
  public void reset() {
    start = 0;
    end = 0;
  }

  /**
   * Writes a frame in this format at {@code at} of {@code target}.
   *
   * @return bytes written: the frame's length and 4
   */
  public static int encode(
      MemorySegment frame, long offset, int length, MemorySegment target, long at) {
    if (length < FRAME_BYTES_MIN || length > FRAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a frame has " + FRAME_BYTES_MIN + " to " + FRAME_BYTES_MAX + " bytes, given " + length);
    }
    target.set(LENGTH, at, length);
    MemorySegment.copy(frame, offset, target, at + HEAD_BYTES, length);
    return HEAD_BYTES + length;
  }
}
