package io.tardigrade.system;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The processes of this machine, as /proc tells. */
final class Processes {
  private Processes() {}

  /** A living process. */
  record Found(long pid, String commandLine) {
    boolean mentions(String text) {
      return commandLine.contains(text) || read(pid, "environ").contains(text);
    }
  }

  /** All but this one, and but those that have ended and only wait to be reaped. */
  static List<Long> find(Predicate<Found> wanted) {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path folder : folders) {
        long pid = Long.parseLong(folder.getFileName().toString());
        String commandLine = read(pid, "cmdline");
        if (!commandLine.isEmpty()
            && pid != ProcessHandle.current().pid()
            && wanted.test(new Found(pid, commandLine))) {
          found.add(pid);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return found;
  }

  /** Waits for processes to end, for so long; returns those that have not. */
  static List<Long> goneWithin(List<Long> pids, long millis) throws InterruptedException {
    long deadline = System.nanoTime() + millis * 1_000_000;
    List<Long> left = pids;
    while (true) {
      left = left.stream().filter(Processes::lives).toList();
      if (left.isEmpty() || System.nanoTime() > deadline) {
        return left;
      }
      Thread.sleep(20);
    }
  }

  /**
   * Stops a process, and waits until it stands still. The signal is handled by one of its threads,
   * once that gets a processor; until then the others work on.
   */
  static void stop(long pid) throws IOException {
    Linux.kill(pid, Linux.SIGSTOP);
    Guest.await("process " + pid + " stands still").until(() -> standsStill(pid));
  }

  private static boolean standsStill(long pid) throws IOException {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads) {
        String stat = read(pid, "task/" + thread.getFileName() + "/stat");
        if (!stat.substring(stat.lastIndexOf(')') + 1).startsWith(" T")) {
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException e) {
      // Whoever noticed that it hangs has ended it.
      return true;
    }
  }

  static boolean lives(long pid) {
    return !read(pid, "cmdline").isEmpty();
  }

  static String describe(long pid) {
    return read(pid, "cmdline").replace('\0', ' ');
  }

  private static String read(long pid, String file) {
    try {
      byte[] bytes = Files.readAllBytes(Path.of("/proc", Long.toString(pid), file));
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
