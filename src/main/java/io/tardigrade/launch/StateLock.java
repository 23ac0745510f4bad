package io.tardigrade.launch;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Held while guests are made or taken away, so that two commands never choose the same name or
 * volume. The kernel lets go of it when its process ends.
 */
final class StateLock implements Closeable {
  /** File locks are held per process: its threads need one of their own. */
  private static final ReentrantLock IN_PROCESS = new ReentrantLock();

  private final FileChannel channel;

  private StateLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for the lock of a state folder, which is made where it is missing.
   *
   * @param waiting is told once if the lock is not free at once
   */
  static StateLock take(Path state, Runnable waiting) throws IOException {
    IN_PROCESS.lock();
    @Nullable FileChannel channel = null;
    try {
      Files.createDirectories(state);
      channel =
          FileChannel.open(
              state.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        waiting.run();
        channel.lock();
      }
      return new StateLock(channel);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      IN_PROCESS.unlock();
      throw unwritable(state, e);
    }
  }

  /** Refuses a folder in which there can be no lock. */
  static void checkFolder(Path state) {
    try {
      Files.createDirectories(state);
      if (!Files.isWritable(state)) {
        throw new AccessDeniedException(state.toString());
      }
    } catch (IOException e) {
      throw unwritable(state, e);
    }
  }

  private static RefusedException unwritable(Path state, IOException e) {
    return new RefusedException(
        RefusedException.Kind.CONFLICT,
        "state folder "
            + state
            + " cannot be written ("
            + e.getClass().getSimpleName()
            + "): give another with --state or TARDIGRADE_STATE, or make it writable for root",
        e);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      IN_PROCESS.unlock();
    }
  }
}
