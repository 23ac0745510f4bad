package io.tardigrade.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Reads and parses files of /proc, see proc(5). */
final class ProcFile {
  /** USER_HZ, the same on every x86-64 kernel. */
  private static final double TICKS_PER_SECOND = 100;

  private ProcFile() {}

  /** A line like {@code RssAnon: 1234 kB}, in bytes. */
  static long kilobytes(String text, String name) throws IOException {
    for (String line : text.lines().toList()) {
      if (line.startsWith(name + ":")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    throw new IOException("no line '" + name + ":' among " + text.lines().count() + " lines");
  }

  /** User and system time of a line of /proc/PID/stat, in ticks. */
  static long ticks(String stat) throws IOException {
    // The second field is the program's name in brackets, which may hold anything.
    int end = stat.lastIndexOf(')');
    String[] rest = end < 0 ? new String[0] : stat.substring(end + 1).strip().split(" ", -1);
    if (rest.length < 13) {
      throw new IOException("a process's stat has " + rest.length + " fields");
    }
    return Long.parseLong(rest[11]) + Long.parseLong(rest[12]);
  }

  /** Time on a processor, in nanoseconds, of a thread's schedstat: "RAN WAITED SLICES". */
  static long runNanos(String schedstat) throws IOException {
    String first = schedstat.strip().split(" ", -1)[0];
    if (!first.matches("\\d{1,18}")) {
      throw new IOException("a thread's schedstat says '" + schedstat.strip() + "'");
    }
    return Long.parseLong(first);
  }

  /** Computing time of a process so far. */
  static double cpuSeconds(long pid) throws IOException {
    return ticks(Files.readString(Path.of("/proc/" + pid + "/stat"))) / TICKS_PER_SECOND;
  }

  /** Processes that {@code pid} started and that live. */
  static List<Long> children(long pid) throws IOException {
    List<Long> children = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : tasks.toList()) {
        String text = Files.readString(task.resolve("children")).strip();
        for (String child : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
          children.add(Long.parseLong(child));
        }
      }
    }
    children.sort(null);
    return children;
  }
}
