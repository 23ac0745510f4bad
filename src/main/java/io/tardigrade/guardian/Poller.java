package io.tardigrade.guardian;

import io.tardigrade.linux.Linux;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Waits for several descriptors at once, and for a call from another thread ({@link #wake}, from
 * any thread).
 */
final class Poller implements Closeable {
  private static final int DESCRIPTORS_MAX = 8;

  private final Arena arena = Arena.ofShared();
  // struct pollfd { int fd; short events; short revents; }
  private final MemorySegment pollfds = arena.allocate(DESCRIPTORS_MAX * 8, 8);
  private final MemorySegment timespec = arena.allocate(16, 8);
  private final MemorySegment counter = arena.allocate(8, 8);
  private final MemorySegment one = arena.allocate(8, 8);
  private final int wakeFd;
  private int count;

  Poller() throws IOException {
    wakeFd = Linux.eventfd();
    one.set(ValueLayout.JAVA_LONG, 0, 1);
  }

  /** Watches these from now on; -1 leaves a place empty. */
  void watch(int... descriptors) {
    count = 0;
    add(wakeFd);
    for (int fd : descriptors) {
      add(fd);
    }
  }

  private void add(int fd) {
    pollfds.set(ValueLayout.JAVA_INT, count * 8L, fd);
    pollfds.set(ValueLayout.JAVA_SHORT, count * 8L + 4, Linux.POLLIN);
    count++;
  }

  /** Stops or resumes watching the descriptor given as {@code index}-th to {@link #watch}. */
  void set(int index, int fd) {
    pollfds.set(ValueLayout.JAVA_INT, (index + 1) * 8L, fd);
  }

  void await(long nanos) throws IOException {
    Linux.ppoll(pollfds, count, nanos, timespec);
    if (pollfds.get(ValueLayout.JAVA_SHORT, 6) != 0) {
      Linux.read(wakeFd, counter);
    }
  }

  /** Whether the {@code index}-th descriptor had something to say at the last wait. */
  boolean ready(int index) {
    return pollfds.get(ValueLayout.JAVA_SHORT, (index + 1) * 8L + 6) != 0;
  }

  void wake() {
    try {
      Linux.write(wakeFd, one);
    } catch (IOException e) {
      Log.warn("waking the main thread: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    Linux.close(wakeFd);
    arena.close();
  }
}
