package io.tardigrade.network;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Orders those who change the host's network, of all installations: two that choose a subnet at
 * once would choose the same. The file is shared and goes with the next boot.
 *
 * <p>It holds a byte '1' while the host forwards packets only because an installation of ours
 * turned that on: as long-lived as the setting itself. A network namespace has a file of its own.
 */
final class HostLock implements AutoCloseable {
  /** File locks are held by processes, so threads need one of their own. */
  private static final ReentrantLock THREADS = new ReentrantLock();

  private final FileChannel channel;

  /** A host may be a namespace of a machine, whose settings are not its own. */
  private static Path file() {
    try {
      Path own = Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net"));
      Path first = Files.readSymbolicLink(Path.of("/proc/1/ns/net"));
      if (!own.equals(first)) {
        String number = own.toString().replaceAll("\\D", "");
        return Path.of("/run/tardigrade-network-" + number + ".lock");
      }
    } catch (IOException e) {
      // Not root, which the lock itself tells.
    }
    return Path.of("/run/tardigrade-network.lock");
  }

  private HostLock(FileChannel channel) {
    this.channel = channel;
  }

  static HostLock take() throws IOException {
    Path file = file();
    THREADS.lock();
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        channel.lock();
        return new HostLock(channel);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      THREADS.unlock();
      throw new IOException("cannot lock " + file + ": are we root?", e);
    }
  }

  /** Whether the host forwards only because of us. */
  boolean forwardingIsOurs() throws IOException {
    ByteBuffer mark = ByteBuffer.allocate(1);
    return channel.read(mark, 0) == 1 && mark.get(0) == '1';
  }

  /** Remembers what {@link #forwardingIsOurs} says. */
  void rememberForwarding(boolean ours) throws IOException {
    channel.write(ByteBuffer.wrap(new byte[] {(byte) (ours ? '1' : '0')}), 0);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      THREADS.unlock();
    }
  }
}
