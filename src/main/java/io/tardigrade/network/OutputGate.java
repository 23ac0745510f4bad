package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The output gate: holds the frames a guest sends until the epoch in which it sent them is
 * committed. Only {@link #release} lets frames out, so no frame leaves before its epoch is
 * released, the order is kept, and none leaves twice.
 *
 * <p>A frame appended belongs to the open epoch; {@link #closeEpoch} gives that epoch its number.
 * No threads, no time, no input or output inside; not safe for use by several threads at once.
 */
public final class OutputGate {
  /** Memory for waiting frames where nothing else is asked for. */
  public static final long BYTES_MAX_DEFAULT = 32L << 20;

  private final FrameQueue frames;

  /** Closed epochs that hold frames, oldest first. */
  private final ArrayDeque<ClosedEpoch> closed = new ArrayDeque<>();

  private long appended;
  private long left;
  private long lastClosed;
  private long lastReleased;

  /** {@code end} counts frames from the gate's beginning: the epoch's frames come before it. */
  private record ClosedEpoch(long epoch, long end) {}

  /**
   * A gate of 32 MiB after epoch {@code committedEpoch} was committed: the next to be closed has a
   * higher number.
   */
  public OutputGate(long committedEpoch) {
    this(committedEpoch, BYTES_MAX_DEFAULT);
  }

  /** As {@link #OutputGate(long)}, holding at most {@code bytesMax} of memory, 256 KiB or more. */
  public OutputGate(long committedEpoch, long bytesMax) {
    frames = new FrameQueue(bytesMax);
    lastClosed = committedEpoch;
    lastReleased = committedEpoch;
  }

  /**
   * Takes a copy of a frame into the open epoch.
   *
   * @param nowNanos when, on the caller's monotonic clock
   * @return false where the gate is full: the frame is not taken and the caller stops reading from
   *     the hypervisor until something was released
   */
  public boolean append(MemorySegment memory, long offset, int length, long nowNanos) {
    boolean taken = frames.append(memory, offset, length, nowNanos);
    if (taken) {
      appended++;
    }
    return taken;
  }

  /**
   * Ends the open epoch, which was number {@code epoch}; what is appended from now on belongs to
   * the next.
   */
  public void closeEpoch(long epoch) {
    if (epoch <= lastClosed) {
      throw new IllegalArgumentException(
          "epoch " + epoch + " cannot be closed after epoch " + lastClosed);
    }
    long closedFrames = closed.isEmpty() ? left : closed.getLast().end;
    if (appended > closedFrames) {
      closed.addLast(new ClosedEpoch(epoch, appended));
    }
    lastClosed = epoch;
  }

  /**
   * Lets out, in order, every frame of the epochs up to {@code epoch}, which are committed. Where
   * the sink fails, the frame it was given counts as gone and the others wait.
   *
   * @return how many frames went
   */
  public long release(long epoch, FrameSink sink) throws IOException {
    if (epoch > lastClosed) {
      throw new IllegalArgumentException(
          "epoch " + epoch + " cannot be released, the newest one closed is " + lastClosed);
    }
    lastReleased = Math.max(lastReleased, epoch);
    long before = left;
    while (!closed.isEmpty() && closed.getFirst().epoch <= epoch) {
      while (left < closed.getFirst().end) {
        left++;
        frames.removeFirst(sink);
      }
      closed.removeFirst();
    }
    return left - before;
  }

  /**
   * Forgets every frame not released, and the numbers of their epochs: the guest goes on from its
   * last committed checkpoint and will send them again or differently. Release what is committed
   * first.
   *
   * @return how many frames were dropped
   */
  public long dropUncommitted() {
    long dropped = frames.frames();
    frames.clear();
    closed.clear();
    appended = left;
    lastClosed = lastReleased;
    return dropped;
  }

  /** Whether the caller should stop reading from the hypervisor: the next frame may not fit. */
  public boolean isFull() {
    return frames.isFull();
  }

  /** Frames waiting. */
  public long waitingFrames() {
    return frames.frames();
  }

  /** Bytes of the frames waiting. */
  public long waitingBytes() {
    return frames.bytes();
  }

  /** Frames waiting in the open epoch: what asks for a checkpoint to start. */
  public long openFrames() {
    return appended - (closed.isEmpty() ? left : closed.getLast().end);
  }

  /** When the oldest waiting frame came; only while {@link #waitingFrames} is not 0. */
  public long oldestNanos() {
    if (frames.frames() == 0) {
      throw new IllegalStateException("no frame is waiting in the output gate");
    }
    return frames.firstNanos();
  }

  /** Memory the gate takes at present, bytes. */
  public long memoryBytes() {
    return frames.memoryBytes();
  }
}
