package io.tardigrade.launch;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Held while guests or lab hosts are made or taken away, so that two commands never choose the same
 * name or volume. The kernel lets go of it when its process ends.
 */
public final class StateLock implements Closeable {
  /** File locks are held per process: its threads need one of their own for each file. */
  private static final Map<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>();

  private final FileChannel channel;
  private final ReentrantLock inProcess;

  private StateLock(FileChannel channel, ReentrantLock inProcess) {
    this.channel = channel;
    this.inProcess = inProcess;
  }

  /**
   * Waits for the lock of a state folder, which is made where it is missing.
   *
   * @param waiting is told once if the lock is not free at once
   */
  static StateLock take(Path state, Runnable waiting) throws IOException {
    return take(state, "lock", waiting);
  }

  /**
   * Waits for the lock on a file in a folder, which is made where it is missing.
   *
   * @param waiting is told once if the lock is not free at once
   */
  public static StateLock take(Path folder, String name, Runnable waiting) throws IOException {
    Path file = folder.resolve(name);
    ReentrantLock inProcess =
        IN_PROCESS.computeIfAbsent(file.toAbsolutePath().normalize(), _ -> new ReentrantLock());
    boolean waits = !inProcess.tryLock();
    if (waits) {
      waiting.run();
      inProcess.lock();
    }
    @Nullable FileChannel channel = null;
    try {
      Files.createDirectories(folder);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        if (!waits) {
          waiting.run();
        }
        channel.lock();
      }
      return new StateLock(channel, inProcess);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      inProcess.unlock();
      throw unwritable(folder, e);
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
      inProcess.unlock();
    }
  }
}
