package io.tardigrade.guardian;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the guardian before this one left. A file {@code serving} in the guest's run directory says
 * that a guardian has the guest; it goes when the guest has ended, so finding it means that a
 * guardian was lost. The agent, which saw it end, leaves {@code guardian.ending}: the time in
 * milliseconds and how it ended, beginning with {@link #HUNG} where the agent ended it for hanging;
 * on a second line, what the agent decided then.
 */
public final class Predecessor {
  /** How the end of a guardian is told that the agent killed for hanging. */
  public static final String HUNG = "a kill, for it hung";

  /** In the run folder: when the guest was frozen to be moved, and where to. */
  private static final String MOVED = "moved";

  private Predecessor() {}

  /** How the guardian before was lost, or null where the guest is started anew. */
  static @Nullable PredecessorLoss find(HostPaths paths, String name) throws IOException {
    PredecessorLoss withHost = AfterHostLoss.find(paths, name);
    if (withHost != null) {
      return withHost;
    }
    Path run = paths.guestRun(name);
    if (!Files.exists(run.resolve("serving"))) {
      return null;
    }
    PredecessorLoss moved = moved(run);
    if (moved != null) {
      return moved;
    }
    String pid = Files.readString(run.resolve("serving")).strip();
    Path ending = run.resolve("guardian.ending");
    try {
      String text = Files.readString(ending).strip();
      Files.delete(ending);
      int space = Math.max(0, text.indexOf(' '));
      String how = text.substring(space).strip();
      return new PredecessorLoss(
          how.startsWith(HUNG) ? "guardian-hung" : "guardian-died",
          "guardian " + pid + " ended with " + how,
          Instant.ofEpochMilli(Long.parseLong(text.substring(0, space))));
    } catch (NoSuchFileException | NumberFormatException e) {
      return new PredecessorLoss(
          "guardian-died", "guardian " + pid + " is gone, nobody saw how", Instant.now());
    }
  }

  /**
   * Tells the next guardian that its guest was frozen to be moved: no failure.
   *
   * @param at when it was frozen
   */
  public static void noteMove(HostPaths paths, String name, Place to, Instant at)
      throws IOException {
    Files.writeString(
        paths.guestRun(name).resolve(MOVED), at.toEpochMilli() + " " + to.text() + "\n");
  }

  private static @Nullable PredecessorLoss moved(Path run) throws IOException {
    Path file = run.resolve(MOVED);
    try {
      String[] words = Files.readString(file).strip().split(" ", 2);
      Files.delete(file);
      Files.deleteIfExists(run.resolve("guardian.ending"));
      return new PredecessorLoss(
          "moved",
          "an operator: move the guest to " + words[words.length - 1] + " memory",
          Instant.ofEpochMilli(Long.parseLong(words[0])));
    } catch (NoSuchFileException | NumberFormatException e) {
      return null;
    }
  }

  static void noteStart(HostPaths paths, String name) throws IOException {
    Files.writeString(
        paths.guestRun(name).resolve("serving"), ProcessHandle.current().pid() + "\n");
  }

  static void noteEnd(HostPaths paths, String name) throws IOException {
    Life.end(paths.guest(name));
    Files.deleteIfExists(paths.guestRun(name).resolve("serving"));
  }

  /**
   * Ends hypervisors of an earlier guardian, told by their run directory on their command line. The
   * kernel has ended them with it already unless the guardian was not their parent's last thread.
   */
  static void endHypervisors(Path run) throws IOException {
    String mark = "TARDIGRADE_TRACKING=" + run + "/";
    String path = "path=" + run + "/h";
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        String commandLine;
        try {
          commandLine =
              Files.readString(
                  process.resolve("cmdline"), java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
          continue;
        }
        if (commandLine.contains(path) || commandLine.contains(mark)) {
          end(Long.parseLong(process.getFileName().toString()));
        }
      }
    }
  }

  private static void end(long pid) {
    ProcessHandle.of(pid)
        .ifPresent(handle -> {
          Log.info("ending hypervisor " + pid + " of an earlier guardian");
          handle.destroyForcibly();
          try {
            handle.onExit().get(5, TimeUnit.SECONDS);
          } catch (java.util.concurrent.ExecutionException
              | java.util.concurrent.TimeoutException e) {
            Log.warn("hypervisor " + pid + " does not end");
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }
}
