package io.tardigrade.network;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Orders those who change the host's network, of all installations: two that choose a subnet at
 * once would choose the same. The file is shared and goes with the next boot.
 *
 * <p>It holds a byte '1' while the host forwards packets only because an installation of ours
 * turned that on: as long-lived as the setting itself.
 */
final class HostLock implements AutoCloseable {
  private static final Path FILE = Path.of("/run/tardigrade-network.lock");

  /** File locks are held by processes, so threads need one of their own. */
  private static final ReentrantLock THREADS = new ReentrantLock();

  private final FileChannel channel;

  private HostLock(FileChannel channel) {
    this.channel = channel;
  }

  static HostLock take() throws IOException {
    THREADS.lock();
    try {
      FileChannel channel =
          FileChannel.open(
              FILE, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        channel.lock();
        return new HostLock(channel);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      THREADS.unlock();
      throw new IOException("cannot lock " + FILE + ": are we root?", e);
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
