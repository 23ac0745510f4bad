package io.tardigrade.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Hears what a service manager would; a name beginning with a zero is an abstract one. */
public final class NotifyListener implements AutoCloseable {
  private static final int ADDRESS_BYTES = 110;
  private static final int MILLIS_MAX = 60_000;

  private final int fd = Linux.unixDatagramSocket();

  public NotifyListener(String name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      MemorySegment address = arena.allocate(ADDRESS_BYTES, 8);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
      MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, 2, bytes.length);
      int length = bytes[0] == 0 ? 2 + bytes.length : ADDRESS_BYTES;
      Linux.bind(fd, address, length, "bind " + name);
    }
  }

  /** The next message, which has to come within a minute. */
  public String next() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 8);
      pollfd.set(ValueLayout.JAVA_INT, 0, fd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      if (Linux.poll(pollfd, 1, MILLIS_MAX) == 0) {
        throw new IOException("the service manager was told nothing");
      }
      MemorySegment bytes = arena.allocate(1000);
      long n = Linux.read(fd, bytes);
      return new String(bytes.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    Linux.close(fd);
  }
}
