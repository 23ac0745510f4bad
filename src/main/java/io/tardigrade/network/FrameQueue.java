package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Frames in order, first in, first out, in chunks that are used again, so that in a steady state
 * nothing is allocated and little memory is touched, while a burst may fill the whole limit.
 *
 * <pre>
 * chunk of 256 KiB: record, record, …; a record never spans two chunks
 * record, at a multiple of 8:  0  long  when the frame came, nanoseconds
 *                              8  int   length of the frame
 *                             12        the frame
 * </pre>
 *
 * <p>Not safe for use by several threads at once.
 */
final class FrameQueue {
  static final int CHUNK_BYTES = 256 << 10;
  private static final int HEAD_BYTES = 12;

  /** Chunks kept for use again; what a burst took beyond goes back to the system. */
  private static final int CHUNKS_SPARE_MAX = 8;

  private final long bytesMax;
  private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
  private final ArrayDeque<Chunk> spare = new ArrayDeque<>();
  private long bytes;
  private long frames;

  private static final class Chunk {
    final MemorySegment memory = Arena.ofAuto().allocate(CHUNK_BYTES, 8);
    int start;
    int end;
  }

  /** A queue that holds frames while their chunks take at most {@code bytesMax} of memory. */
  FrameQueue(long bytesMax) {
    if (bytesMax < CHUNK_BYTES) {
      throw new IllegalArgumentException(
          "a frame queue needs at least " + CHUNK_BYTES + " bytes, given " + bytesMax);
    }
    this.bytesMax = bytesMax;
  }

  private static int recordBytes(int length) {
    return (HEAD_BYTES + length + 7) & ~7;
  }

  /** Appends a copy of the frame, or says false and leaves everything where it does not fit. */
  boolean append(MemorySegment memory, long offset, int length, long nowNanos) {
    if (length < 0 || length > FrameReader.FRAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a frame has at most " + FrameReader.FRAME_BYTES_MAX + " bytes, given " + length);
    }
    Chunk chunk = chunkFor(recordBytes(length));
    if (chunk == null) {
      return false;
    }
    chunk.memory.set(ValueLayout.JAVA_LONG, chunk.end, nowNanos);
    chunk.memory.set(ValueLayout.JAVA_INT, chunk.end + 8, length);
    MemorySegment.copy(memory, offset, chunk.memory, chunk.end + HEAD_BYTES, length);
    chunk.end += recordBytes(length);
    bytes += length;
    frames++;
    return true;
  }

  private @Nullable Chunk chunkFor(int recordBytes) {
    Chunk last = chunks.peekLast();
    if (last != null && CHUNK_BYTES - last.end >= recordBytes) {
      return last;
    }
    if ((chunks.size() + 1L) * CHUNK_BYTES > bytesMax) {
      return null;
    }
    Chunk fresh = spare.isEmpty() ? new Chunk() : spare.removeLast();
    chunks.addLast(fresh);
    return fresh;
  }

  /** Hands the oldest frame to {@code sink} and forgets it, also where the sink fails. */
  void removeFirst(FrameSink sink) throws IOException {
    Chunk chunk = chunks.getFirst();
    int at = chunk.start;
    int length = chunk.memory.get(ValueLayout.JAVA_INT, at + 8);
    try {
      sink.frame(chunk.memory, at + HEAD_BYTES, length);
    } finally {
      forgetFirst();
    }
  }

  /** Forgets the oldest frame. */
  void forgetFirst() {
    Chunk chunk = chunks.getFirst();
    int length = chunk.memory.get(ValueLayout.JAVA_INT, chunk.start + 8);
    chunk.start += recordBytes(length);
    bytes -= length;
    frames--;
    if (chunk.start == chunk.end) {
      recycle(chunks.removeFirst());
    }
  }

  private void recycle(Chunk chunk) {
    chunk.start = 0;
    chunk.end = 0;
    if (spare.size() < CHUNKS_SPARE_MAX) {
      spare.addLast(chunk);
    }
  }

  /** Hands every frame to {@code sink}, oldest first, and keeps them all. */
  void forEach(FrameSink sink) throws IOException {
    for (Chunk chunk : chunks) {
      for (int at = chunk.start; at < chunk.end; ) {
        int length = chunk.memory.get(ValueLayout.JAVA_INT, at + 8);
        sink.frame(chunk.memory, at + HEAD_BYTES, length);
        at += recordBytes(length);
      }
    }
  }

  /** Forgets everything. */
  void clear() {
    while (!chunks.isEmpty()) {
      recycle(chunks.removeFirst());
    }
    bytes = 0;
    frames = 0;
  }

  /** When the oldest frame came; only where there is one. */
  long firstNanos() {
    Chunk chunk = chunks.getFirst();
    return chunk.memory.get(ValueLayout.JAVA_LONG, chunk.start);
  }

  long frames() {
    return frames;
  }

  /** Bytes of the frames themselves. */
  long bytes() {
    return bytes;
  }

  /** Memory taken by the frames waiting and by what is kept for the next. */
  long memoryBytes() {
    return (long) (chunks.size() + spare.size()) * CHUNK_BYTES;
  }

  /** Whether a frame of the longest kind might not fit any more. */
  boolean isFull() {
    Chunk last = chunks.peekLast();
    boolean lastHasRoom =
        last != null && CHUNK_BYTES - last.end >= recordBytes(FrameReader.FRAME_BYTES_MAX);
    return !lastHasRoom && (chunks.size() + 1L) * CHUNK_BYTES > bytesMax;
  }
}
