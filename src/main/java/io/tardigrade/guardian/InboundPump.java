package io.tardigrade.guardian;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.UnixSocket;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.FrameSource;
import io.tardigrade.network.InboundLog;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Lets frames from the TAP device in to the guest at once, and keeps them until a checkpoint that
 * has seen them is committed, to let them in again after a recovery.
 *
 * <p>A thread of its own reads the device; everything else may be called from any thread. It never
 * waits for the hypervisor: while its socket is full, frames are lost as in any full queue, except
 * that a frame once begun is finished.
 */
final class InboundPump implements Closeable {
  private static final int FRAME_SPACE_BYTES = FrameReader.FRAME_BYTES_MAX + 4;

  private final FrameSource tap;
  private final InboundLog log = new InboundLog();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment frame = arena.allocate(FRAME_SPACE_BYTES, 8);
  private final MemorySegment encoded = arena.allocate(FRAME_SPACE_BYTES, 8);
  private final MemorySegment rest = arena.allocate(FRAME_SPACE_BYTES, 8);
  // struct pollfd of: the device, our wake-up call, the hypervisor's socket while a frame is
  // half-sent
  private final MemorySegment pollfds = arena.allocate(24, 8);
  private final int wakeFd;
  private final Thread thread;
  private @Nullable UnixSocket target;
  private long restBytes;
  private long previousMark;
  private boolean closed;

  InboundPump(FrameSource tap) throws IOException {
    this.tap = tap;
    this.wakeFd = Linux.eventfd();
    this.thread = Thread.ofPlatform().name("inbound").daemon().start(this::run);
  }

  /** Frames go to {@code socket} from now on, or nowhere while it is null. */
  synchronized void connect(@Nullable UnixSocket socket) {
    target = socket;
    restBytes = 0;
    wake();
  }

  /** Connects a resumed guest and lets in again what it may have missed. */
  synchronized long replayInto(UnixSocket socket) throws IOException {
    target = socket;
    restBytes = 0;
    long frames = log.replay((memory, offset, length) -> send(memory, offset, length));
    wake();
    return frames;
  }

  /** Checkpoint {@code epoch} starts. */
  synchronized void mark(long epoch) {
    log.mark(epoch);
  }

  /**
   * Checkpoint {@code epoch} is committed. Frames let in during the epoch before it are kept a
   * while longer: some may have been in the hypervisor's socket, unread, when its state was saved.
   */
  synchronized void committed(long epoch) {
    log.committed(previousMark);
    previousMark = epoch;
  }

  /** Lets one frame of our own in. */
  synchronized void inject(MemorySegment memory, int length) throws IOException {
    send(memory, 0, length);
  }

  private void run() {
    try {
      while (true) {
        await();
        synchronized (this) {
          if (closed) {
            return;
          }
          pump();
        }
      }
    } catch (IOException e) {
      Log.warn("frames are no longer let in: " + e.getMessage());
    }
  }

  private void await() throws IOException {
    int count = 2;
    synchronized (this) {
      pollfds.set(ValueLayout.JAVA_INT, 0, restBytes == 0 ? tap.fd() : -1);
      pollfds.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      pollfds.set(ValueLayout.JAVA_INT, 8, wakeFd);
      pollfds.set(ValueLayout.JAVA_SHORT, 12, Linux.POLLIN);
      UnixSocket socket = target;
      if (restBytes > 0 && socket != null) {
        pollfds.set(ValueLayout.JAVA_INT, 16, socket.fd());
        pollfds.set(ValueLayout.JAVA_SHORT, 20, Linux.POLLOUT);
        count = 3;
      }
    }
    Linux.poll(pollfds, count, 1000);
    if (pollfds.get(ValueLayout.JAVA_SHORT, 14) != 0) {
      Linux.read(wakeFd, frame.asSlice(0, 8));
    }
  }

  private void pump() throws IOException {
    if (restBytes > 0) {
      finishFrame();
    }
    // A bounded burst, so that a resumed guest's thread gets the lock.
    for (int i = 0; i < 64 && restBytes == 0; i++) {
      long n = tap.read(frame);
      if (n < 0) {
        return;
      }
      if (n >= FrameReader.FRAME_BYTES_MIN && n <= FrameReader.FRAME_BYTES_MAX) {
        log.append(frame, 0, (int) n);
        send(frame, 0, (int) n);
      }
    }
  }

  private void send(MemorySegment memory, long offset, int length) throws IOException {
    UnixSocket socket = target;
    if (socket == null || restBytes > 0) {
      return;
    }
    int bytes = FrameReader.encode(memory, offset, length, encoded, 0);
    long sent = write(socket, encoded.asSlice(0, bytes));
    if (sent > 0 && sent < bytes) {
      restBytes = bytes - sent;
      MemorySegment.copy(encoded, sent, rest, 0, restBytes);
    }
  }

  private void finishFrame() {
    UnixSocket socket = target;
    if (socket == null) {
      restBytes = 0;
      return;
    }
    long sent = write(socket, rest.asSlice(0, restBytes));
    if (sent > 0) {
      MemorySegment.copy(rest, sent, rest, 0, restBytes - sent);
      restBytes -= sent;
    }
  }

  /**
   * Bytes taken now; a hypervisor that is gone takes none, which is noticed by whoever watches it.
   */
  private long write(UnixSocket socket, MemorySegment bytes) {
    try {
      return Math.max(0, socket.writeNow(bytes));
    } catch (IOException e) {
      target = null;
      restBytes = 0;
      return 0;
    }
  }

  private void wake() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment one = call.allocate(8, 8);
      one.set(ValueLayout.JAVA_LONG, 0, 1);
      Linux.write(wakeFd, one);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      target = null;
      wake();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Linux.close(wakeFd);
    arena.close();
  }
}
