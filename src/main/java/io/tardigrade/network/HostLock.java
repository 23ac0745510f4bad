package io.tardigrade.network;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Orders those who change the host's network, of all installations: two that choose a subnet at
 * once would choose the same. The file is empty and shared; it goes with the next boot.
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
          FileChannel.open(FILE, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      THREADS.unlock();
    }
  }
}
