package io.tardigrade.guardian;

import io.tardigrade.linux.Linux;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.FrameSink;
import io.tardigrade.network.FrameSource;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A network without a device: frames for the guest are queued, frames from it are noted. */
final class FakeNetwork implements FrameSource, FrameSink, Closeable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment word = arena.allocate(8, 8);
  private final int eventFd;
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private final List<String> left = new ArrayList<>();

  FakeNetwork() throws IOException {
    eventFd = Linux.eventfd();
  }

  /** A frame that carries {@code text} after a header nobody looks at. */
  static byte[] frame(String text) {
    byte[] frame = new byte[Math.max(60, 14 + text.length())];
    frame[12] = (byte) 0x88;
    frame[13] = (byte) 0xb5;
    System.arraycopy(
        text.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, frame, 14, text.length());
    return frame;
  }

  static String text(byte[] frame) {
    return new String(frame, 14, frame.length - 14, java.nio.charset.StandardCharsets.US_ASCII)
        .strip()
        .replace("\0", "");
  }

  /** A reader that has just received these frames. */
  static FrameReader reader(List<byte[]> frames) {
    FrameReader reader = new FrameReader(Arena.ofAuto());
    for (byte[] frame : frames) {
      MemorySegment encoded = Arena.ofAuto().allocate(frame.length + 4L, 4);
      MemorySegment plain = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, frame);
      int bytes = FrameReader.encode(plain, 0, frame.length, encoded, 0);
      MemorySegment.copy(encoded, 0, reader.space(), 0, bytes);
      reader.received(bytes);
    }
    return reader;
  }

  /** Gives the guest a frame. */
  synchronized void arrive(byte[] frame) throws IOException {
    waiting.add(frame);
    word.set(ValueLayout.JAVA_LONG, 0, 1);
    Linux.write(eventFd, word);
  }

  /** Frames that were let out so far, as text. */
  synchronized List<String> left() {
    return List.copyOf(left);
  }

  @Override
  public int fd() {
    return eventFd;
  }

  @Override
  public synchronized long read(MemorySegment buffer) throws IOException {
    byte[] next = waiting.poll();
    if (next == null) {
      Linux.read(eventFd, word);
      return -1;
    }
    MemorySegment.copy(next, 0, buffer, ValueLayout.JAVA_BYTE, 0, next.length);
    return next.length;
  }

  @Override
  public synchronized void frame(MemorySegment memory, long offset, int length) {
    left.add(text(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE)));
  }

  @Override
  public void close() {
    Linux.close(eventFd);
    arena.close();
  }
}
