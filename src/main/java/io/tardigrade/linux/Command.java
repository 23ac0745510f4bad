package io.tardigrade.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command of the host ({@code ip}, {@code nft}, …) to its end: bounded in time, and in what
 * of its output is kept. No shell is involved. Blocks the calling thread; safe for use by any.
 */
public final class Command {
  /** Of stdout and stderr at most this much is kept; the rest is read and thrown away. */
  static final int OUTPUT_BYTES_MAX = 4 << 20;

  private static final int MESSAGE_CHARS_MAX = 300;
  private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(10);
  private static final Duration PIPE_GRACE = Duration.ofSeconds(1);

  private Command() {}

  /** How a command ended: its exit status and what it wrote. */
  public record Result(List<String> argv, int status, String stdout, String stderr) {
    /** Whether it exited with 0. */
    public boolean ok() {
      return status == 0;
    }

    /** The error for a command that had to succeed: one line with the tail of its stderr. */
    public IOException failure() {
      String said = lastLines(stderr.isBlank() ? stdout : stderr);
      return new IOException(
          String.join(" ", argv)
              + " failed with status "
              + status
              + (said.isEmpty() ? "" : ": " + said));
    }
  }

  /** Runs {@code argv} and demands that it exits with 0 within ten seconds; returns its stdout. */
  public static String run(String... argv) throws IOException {
    return run(List.of(argv), "", TIMEOUT_DEFAULT);
  }

  /** As {@link #run(String...)}, with {@code stdin} given to the command. */
  public static String run(List<String> argv, String stdin, Duration timeout) throws IOException {
    Result result = attempt(argv, stdin, timeout);
    if (!result.ok()) {
      throw result.failure();
    }
    return result.stdout();
  }

  /** Runs {@code argv} for at most ten seconds; the caller judges the exit status. */
  public static Result attempt(String... argv) throws IOException {
    return attempt(List.of(argv), "", TIMEOUT_DEFAULT);
  }

  /**
   * Runs {@code argv}; the caller judges the exit status.
   *
   * @throws IOException where the program is missing, or was still running after {@code timeout}
   *     and has been killed
   */
  public static Result attempt(List<String> argv, String stdin, Duration timeout)
      throws IOException {
    Process process = start(argv);
    // Three streams at once: a command that fills one pipe while we serve another would hang.
    Drain out = new Drain(process.getInputStream());
    Drain err = new Drain(process.getErrorStream());
    feed(process.getOutputStream(), stdin);
    try {
      if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        throw new IOException(
            String.join(" ", argv) + " did not end within " + timeout.toMillis() + " ms");
      }
      return new Result(List.copyOf(argv), process.exitValue(), out.text(), err.text());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException)
          new InterruptedIOException(String.join(" ", argv) + ": interrupted").initCause(e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static Process start(List<String> argv) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(argv);
    // Messages are read by us and quoted to the user: one language, whatever the host's.
    builder.environment().put("LC_ALL", "C.UTF-8");
    try {
      return builder.start();
    } catch (IOException e) {
      throw new IOException(
          "cannot run '" + argv.getFirst() + "': is it installed and on the PATH?", e);
    }
  }

  private static void feed(OutputStream pipe, String stdin) {
    Runnable task =
        () -> {
          try (pipe) {
            pipe.write(stdin.getBytes(StandardCharsets.UTF_8));
          } catch (IOException ignored) {
            // The command ended without reading its input; its exit status tells the rest.
          }
        };
    Thread.ofPlatform().daemon().name("command-stdin").start(task);
  }

  static String lastLines(String text) {
    String line = text.strip().replaceAll("\\s*\\n\\s*", "; ");
    return line.length() <= MESSAGE_CHARS_MAX
        ? line
        : "…" + line.substring(line.length() - MESSAGE_CHARS_MAX);
  }

  /** Reads one pipe to its end and keeps the beginning. */
  private static final class Drain {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final InputStream pipe;
    private final Thread thread;

    Drain(InputStream pipe) {
      this.pipe = pipe;
      this.thread = Thread.ofPlatform().daemon().name("command-output").start(this::read);
    }

    private void read() {
      byte[] chunk = new byte[8192];
      try (pipe) {
        for (int n = pipe.read(chunk); n >= 0; n = pipe.read(chunk)) {
          synchronized (kept) {
            kept.write(chunk, 0, Math.min(n, OUTPUT_BYTES_MAX - kept.size()));
          }
        }
      } catch (IOException ignored) {
        // The pipe was closed under us because the command was killed.
      }
    }

    String text() throws InterruptedException {
      // A daemon left behind may hold the pipe open for ever: what is there by then must do.
      thread.join(PIPE_GRACE);
      synchronized (kept) {
        return kept.toString(StandardCharsets.UTF_8);
      }
    }
  }
}
