package io.tardigrade.monitor;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads /dev/kmsg from the oldest record that the kernel still has. Never waits. Not thread-safe.
 */
final class KernelLogSource implements AutoCloseable {
  /** A log that is flooded is read on at the next look. */
  static final int RECORDS_MAX = 4096;

  private static final int EPIPE = 32;

  private final int fd;
  private final Consumer<String> complaints;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(KernelRecord.RECORD_BYTES_MAX);
  private boolean closed;

  private KernelLogSource(int fd, Consumer<String> complaints) {
    this.fd = fd;
    this.complaints = complaints;
  }

  static KernelLogSource open(Path file, Consumer<String> complaints) throws IOException {
    return new KernelLogSource(Linux.open(file, Linux.O_RDONLY | Linux.O_NONBLOCK), complaints);
  }

  /** What is new. A record that cannot be understood is told and left out. */
  List<KernelRecord> read() throws IOException {
    List<KernelRecord> records = new ArrayList<>();
    for (int i = 0; i < RECORDS_MAX; i++) {
      long length;
      try {
        length = Linux.read(fd, buffer);
      } catch (LinuxException e) {
        if (e.errno() == EPIPE) {
          // Overrun: the next read goes on with the oldest that is left.
          continue;
        }
        throw e;
      }
      if (length <= 0) {
        break;
      }
      byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
      try {
        records.add(KernelRecord.parse(new String(bytes, StandardCharsets.UTF_8)));
      } catch (UnreadableException e) {
        complaints.accept(String.valueOf(e.getMessage()));
      }
    }
    return records;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Linux.close(fd);
      arena.close();
    }
  }
}
