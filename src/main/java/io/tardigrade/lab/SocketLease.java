package io.tardigrade.lab;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * One of the host's sockets, which QEMU serves to one client at a time, while it is ours. Given
 * back when it is closed or our process ends.
 */
record SocketLease(Path socket, FileChannel lock) implements Closeable {
  static Optional<SocketLease> take(Path socket) throws IOException {
    FileChannel channel =
        FileChannel.open(
            socket.resolveSibling(socket.getFileName() + ".lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return Optional.of(new SocketLease(socket, channel));
      }
    } catch (OverlappingFileLockException e) {
      // Another thread of ours has it.
    }
    channel.close();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
