package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The frames let in to the guest since its last committed checkpoint started. A recovered guest has
 * not seen them, so they are let in again: TCP would repair their loss as well, but only after a
 * retransmission timer has run out. Doubled frames do no harm, and lost ones neither, so the log is
 * bounded and forgets its oldest frames.
 *
 * <p>No threads, no time, no input or output inside; not safe for use by several threads at once.
 */
public final class InboundLog {
  /** Memory for frames where nothing else is asked for. */
  public static final long BYTES_MAX_DEFAULT = 8L << 20;

  /** More frames than this would keep a recovered guest busy longer than a retransmission. */
  public static final int FRAMES_MAX_DEFAULT = 16_384;

  private static final int MARKS_MAX = 1024;

  private final FrameQueue frames;
  private final int framesMax;
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private long appended;
  private long overflowed;

  /** Checkpoint {@code epoch} started when {@code position} frames had ever been appended. */
  private record Mark(long epoch, long position) {}

  /** A log of the default bounds. */
  public InboundLog() {
    this(BYTES_MAX_DEFAULT, FRAMES_MAX_DEFAULT);
  }

  /** A log of at most {@code framesMax} frames in {@code bytesMax} of memory, 256 KiB or more. */
  public InboundLog(long bytesMax, int framesMax) {
    if (framesMax < 1) {
      throw new IllegalArgumentException("a log holds at least 1 frame, given " + framesMax);
    }
    this.frames = new FrameQueue(bytesMax);
    this.framesMax = framesMax;
  }

  /** Notes a frame that is let in; makes room by forgetting the oldest. */
  public void append(MemorySegment memory, long offset, int length) {
    if (frames.frames() >= framesMax) {
      frames.forgetFirst();
      overflowed++;
    }
    while (!frames.append(memory, offset, length, 0)) {
      frames.forgetFirst();
      overflowed++;
    }
    appended++;
  }

  /** Checkpoint {@code epoch} starts: frames appended so far are in it, later ones are not. */
  public void mark(long epoch) {
    if (!marks.isEmpty() && epoch <= marks.getLast().epoch) {
      throw new IllegalArgumentException(
          "epoch " + epoch + " cannot be marked after epoch " + marks.getLast().epoch);
    }
    if (marks.size() == MARKS_MAX) {
      // Without this mark its epoch's commit forgets less than it could, which is harmless.
      marks.removeFirst();
    }
    marks.addLast(new Mark(epoch, appended));
  }

  /** Checkpoint {@code epoch} is committed: what was let in before it started is kept by it. */
  public void committed(long epoch) {
    while (!marks.isEmpty() && marks.getFirst().epoch <= epoch) {
      long keepFrom = marks.removeFirst().position;
      while (frames.frames() > 0 && appended - frames.frames() < keepFrom) {
        frames.forgetFirst();
      }
    }
  }

  /**
   * Hands every frame since the last committed checkpoint to {@code sink}, oldest first. The marks
   * of checkpoints that never committed are forgotten; the frames stay, for the recovered guest may
   * be lost again before it commits anything.
   *
   * @return how many frames there were
   */
  public long replay(FrameSink sink) throws IOException {
    marks.clear();
    frames.forEach(sink);
    return frames.frames();
  }

  /** Frames held. */
  public long frames() {
    return frames.frames();
  }

  /** Bytes of the frames held. */
  public long bytes() {
    return frames.bytes();
  }

  /** Frames ever forgotten for want of room. */
  public long overflowed() {
    return overflowed;
  }
}
