package io.tardigrade.linux;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Two connected Unix sockets. {@code ours} is the end under test, {@code peer} plays the other. */
public record SocketPair(UnixSocket ours, UnixSocket peer) implements Closeable {
  /** Connects two sockets by way of {@code path}, which may be removed afterwards. */
  public static SocketPair at(Path path) throws IOException {
    try (UnixSocket listener = UnixSocket.listen(path)) {
      UnixSocket peer = UnixSocket.connect(path);
      return new SocketPair(listener.accept(), peer);
    }
  }

  /** The peer says {@code text}. */
  public void say(String text) throws IOException {
    say(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The peer says {@code bytes}. */
  public void say(byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      peer.writeFully(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
    }
  }

  /** What the peer can read now without waiting. */
  public String heard() throws IOException {
    StringBuilder text = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(65_536);
      for (long n = peer.readNow(buffer); n > 0; n = peer.readNow(buffer)) {
        byte[] bytes = buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE);
        text.append(new String(bytes, StandardCharsets.ISO_8859_1));
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    ours.close();
    peer.close();
  }
}
