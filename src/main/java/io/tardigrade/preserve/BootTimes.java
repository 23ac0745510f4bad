package io.tardigrade.preserve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * When this boot's kernel, its first process and a process of ours began, by one clock: the time of
 * day as it is now, less the time since. (The kernel's own {@code btime} tells whole seconds.)
 *
 * @param kernel when the kernel's clock began
 * @param init when it started the first process; null where its log does not tell any more
 */
public record BootTimes(Instant kernel, @Nullable Instant init) {
  private static final double TICKS_PER_SECOND = 100;
  private static final int START_FIELD = 19;

  /** As {@code kernel_init} says it, in a line of dmesg: {@code [ 1.234567] Run /init as …}. */
  private static final Pattern INIT =
      Pattern.compile("(?m)^\\[ *(\\d{1,9}\\.\\d{6})\\] Run \\S+ as init process");

  /**
   * As the kernel tells.
   *
   * @param log its log as dmesg prints it
   */
  public static BootTimes of(String log) throws IOException {
    Instant kernel = BootId.startedAt();
    Matcher init = INIT.matcher(log);
    return new BootTimes(
        kernel, init.find() ? after(kernel, Double.parseDouble(init.group(1))) : null);
  }

  /** When a process began that still runs. */
  public static Instant of(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return after(BootId.startedAt(), startSeconds(stat));
  }

  /** Since the kernel began, of a line of /proc/PID/stat (proc(5)). */
  static double startSeconds(String stat) throws IOException {
    // The program's name stands in brackets and may hold anything.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    if (fields.length <= START_FIELD) {
      throw new IOException("a process's stat has " + fields.length + " fields after its name");
    }
    return Long.parseLong(fields[START_FIELD]) / TICKS_PER_SECOND;
  }

  private static Instant after(Instant begin, double seconds) {
    return begin.plus(Duration.ofNanos(Math.round(seconds * 1e9)));
  }
}
