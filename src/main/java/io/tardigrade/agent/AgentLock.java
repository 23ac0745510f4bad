package io.tardigrade.agent;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides who is the agent of a host: the one process that holds the lock on {@code agent.pid}. The
 * kernel lets go of it however the process ends; the file goes when the agent ends by itself.
 *
 * <pre>
 *   agent.pid   process id in decimal, newline
 * </pre>
 */
final class AgentLock implements Closeable {
  /** An agent that was asked to end, and hangs, is killed after this. */
  private static final long END_NANOS_MAX = TimeUnit.SECONDS.toNanos(3);

  private static final long POLL_MILLIS = 10;

  /** For any agent that holds the lock. */
  static final long ANY = -1;

  private final Path file;
  private final FileChannel channel;

  private AgentLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Takes the lock; null where another process has it. */
  static @Nullable AgentLock tryTake(Path file) throws IOException {
    while (true) {
      @Nullable Object before = key(file);
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() == null) {
          channel.close();
          return null;
        }
        // A file that an agent has just taken away with it locks nobody out: it has to be the one
        // that is there, before it was opened and after it was locked.
        if (before != null && before.equals(key(file))) {
          write(channel);
          return new AgentLock(file, channel);
        }
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      channel.close();
    }
  }

  private static @Nullable Object key(Path file) throws IOException {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return found.fileKey() + " " + found.creationTime();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void write(FileChannel channel) throws IOException {
    byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    channel.truncate(0);
    ByteBuffer bytes = ByteBuffer.wrap(pid);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Takes the lock from agent {@code wanted}, asking it to end and killing it where it does not.
   *
   * @param wanted its process id, or {@link #ANY}
   * @return null where another one than that has the lock
   */
  static @Nullable AgentLock takeOver(Path file, long wanted) throws IOException {
    long deadline = System.nanoTime() + END_NANOS_MAX;
    long asked = 0;
    while (true) {
      @Nullable AgentLock lock = tryTake(file);
      if (lock != null) {
        return lock;
      }
      long holder = holder(file);
      if (wanted != ANY && holder > 0 && holder != wanted) {
        return null;
      }
      if (holder > 0 && holder != asked && signal(holder, Linux.SIGTERM)) {
        asked = holder;
        deadline = System.nanoTime() + END_NANOS_MAX;
      }
      if (System.nanoTime() - deadline > 0) {
        log("agent " + holder + " does not end when asked; killing it");
        if (!signal(holder, Linux.SIGKILL)) {
          throw new IOException(
              file + " is locked by a process that is no agent; find it with 'fuser " + file + "'");
        }
        deadline = System.nanoTime() + END_NANOS_MAX;
      }
      sleep();
    }
  }

  /** Who says that it has the lock; 0 where nobody does. Only for a process that has it not. */
  private static long holder(Path file) throws IOException {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (NoSuchFileException | NumberFormatException e) {
      return 0;
    }
  }

  /** Signals an agent; false where the process is none, its number having been given anew. */
  private static boolean signal(long pid, int signal) throws IOException {
    int pidfd;
    try {
      pidfd = Linux.pidfdOpen(pid);
    } catch (LinuxException e) {
      return false;
    }
    try {
      // Opened first: from here on the number means this process.
      String commandLine = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
      if (!commandLine.contains("io.tardigrade.")) {
        return false;
      }
      Linux.pidfdSendSignal(pidfd, signal);
      return true;
    } catch (IOException e) {
      return false;
    } finally {
      Linux.close(pidfd);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void log(String text) {
    System.err.println(Instant.now() + " " + text);
  }

  /** Takes the file away, then lets go of the lock. */
  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(file);
    } finally {
      channel.close();
    }
  }
}
