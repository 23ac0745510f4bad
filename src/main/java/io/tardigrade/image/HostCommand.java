package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs one command of the host to its end, under a time bound and with bounded output. The command
 * never outlives the call.
 */
final class HostCommand {
  private static final int OUTPUT_BYTES_MAX = 8 << 20;
  private static final int TAIL_CHARS = 300;

  private HostCommand() {}

  /**
   * Runs {@code command} and returns what it wrote on standard output.
   *
   * @param folder working folder, or null for ours
   * @throws ImageException when it is missing, fails, or outlasts {@code timeMax}
   */
  static String run(@Nullable Path folder, Duration timeMax, List<String> command)
      throws IOException {
    Process process = start(folder, command);
    try {
      process.getOutputStream().close();
      Drain out = new Drain(process.getInputStream());
      Drain err = new Drain(process.getErrorStream());
      if (!process.waitFor(timeMax.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new ImageException(
            "`" + command.getFirst() + "` did not finish within " + timeMax.toSeconds() + " s");
      }
      String output = out.text();
      String errors = err.text();
      if (process.exitValue() != 0) {
        throw new ImageException(
            "`"
                + String.join(" ", command)
                + "` failed with status "
                + process.exitValue()
                + ": "
                + tail(errors.isBlank() ? output : errors));
      }
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("interrupted while running `" + command.getFirst() + "`", e);
    } finally {
      end(process);
    }
  }

  private static Process start(@Nullable Path folder, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    // mke2fs, ldconfig and their like live where an ordinary user's PATH does not look.
    String path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
    builder.environment().put("PATH", path + ":/usr/sbin:/sbin");
    try {
      return builder.start();
    } catch (IOException e) {
      throw missing(command.getFirst(), e);
    }
  }

  private static ImageException missing(String command, IOException cause) {
    String owner =
        switch (command) {
          case "mke2fs" -> "e2fsprogs";
          case "qemu-img" -> "qemu-utils";
          case "xz" -> "xz-utils";
          case "zstd" -> "zstd";
          case "apt-get", "apt-cache" -> "apt";
          case "dpkg-deb" -> "dpkg";
          case "prlimit" -> "util-linux";
          default -> command;
        };
    return new ImageException(
        "the command `"
            + command
            + "` cannot be run; install it with `apt-get install "
            + owner
            + "`",
        cause);
  }

  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String tail(String text) {
    String line = ImageException.oneLine(text.substring(Math.max(0, text.length() - TAIL_CHARS)));
    return line.isEmpty() ? "it said nothing" : line;
  }

  /** Reads a stream to its end beside the caller, keeping a bounded beginning of it. */
  private static final class Drain {
    private final Thread thread;
    private byte[] kept = new byte[0];

    Drain(InputStream in) {
      thread = Thread.ofVirtual().start(() -> read(in));
    }

    private void read(InputStream in) {
      try (in) {
        kept = in.readNBytes(OUTPUT_BYTES_MAX);
        in.transferTo(OutputStream.nullOutputStream());
      } catch (IOException e) {
        // The command was ended by us: what it wrote until then is all there is.
        return;
      }
    }

    String text() throws InterruptedException {
      // A grandchild may keep the pipe open after the command itself has ended.
      thread.join(Duration.ofSeconds(5));
      return new String(kept, StandardCharsets.UTF_8);
    }
  }
}
