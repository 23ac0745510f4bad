package io.tardigrade.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long a platform thread of this process has been on a processor, from its {@code schedstat}
 * (Documentation/scheduler/sched-stats.rst):
 *
 * <pre>
 *   ON-A-PROCESSOR-NANOS SP WAITING-NANOS SP SLICES LF
 * </pre>
 */
public final class ThreadTime {
  private final Path schedstat;

  private ThreadTime(Path schedstat) {
    this.schedstat = schedstat;
  }

  /** Of the thread that calls this. */
  public static ThreadTime ofThisThread() throws IOException {
    return new ThreadTime(Path.of("/proc/thread-self").toRealPath().resolve("schedstat"));
  }

  /**
   * Nanoseconds so far, from any thread; 0 where the kernel does not count them, and once the
   * thread has ended.
   */
  public long ranNanos() {
    try {
      String text = Files.readString(schedstat);
      return Long.parseLong(text.substring(0, text.indexOf(' ')));
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }
}
