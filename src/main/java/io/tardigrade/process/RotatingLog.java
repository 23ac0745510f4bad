package io.tardigrade.process;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A log file that becomes {@code FILE.1} when it is full, taking the place of the one before. It is
 * opened for each line: lines are rare, and several processes may write to one file, any of which
 * may find it full. Any thread.
 */
public final class RotatingLog extends OutputStream {
  /** Of one file; as much again is in the older one. */
  private static final long BYTES_MAX = 4L << 20;

  private final Path file;
  private final long bytesMax;

  RotatingLog(Path file, long bytesMax) {
    this.file = file;
    this.bytesMax = bytesMax;
  }

  /** Sends what this process writes to stderr to {@code file} from now on. */
  public static void takeStderr(Path file) {
    System.setErr(new PrintStream(new RotatingLog(file, BYTES_MAX), true, StandardCharsets.UTF_8));
  }

  /** Makes room in a log that another process is about to write to. */
  static void makeRoom(Path file) throws IOException {
    new RotatingLog(file, BYTES_MAX).rotate(1);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int length) throws IOException {
    rotate(length);
    try (OutputStream out =
        Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      out.write(bytes, from, length);
    }
  }

  private void rotate(long more) throws IOException {
    try {
      if (Files.size(file) + more > bytesMax) {
        Files.move(
            file,
            file.resolveSibling(file.getFileName() + ".1"),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (NoSuchFileException e) {
      // Nothing was written yet, or another process has just made room.
    }
  }
}
