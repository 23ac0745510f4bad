package io.tardigrade.monitor;

import java.io.IOException;
import java.nio.file.Path;

/** Reads the clocks of this host: the uptime, which nobody can set, and the wall clock. */
final class ClockSource {
  private final long uptimeMillisAtStart;
  private final long nanosAtStart = System.nanoTime();

  ClockSource(Path proc) {
    uptimeMillisAtStart = uptime(proc);
  }

  private static long uptime(Path proc) {
    try {
      String text = BoundedFile.read(proc.resolve("uptime"));
      return (long) (Double.parseDouble(text.strip().split(" ", 2)[0]) * 1000);
    } catch (IOException | NumberFormatException e) {
      // Then time is counted from here; only the records of the kernel's log seem to lie ahead.
      return 0;
    }
  }

  long uptimeMillis() {
    return uptimeMillisAtStart + (System.nanoTime() - nanosAtStart) / 1_000_000;
  }

  long unixMillis() {
    return System.currentTimeMillis();
  }
}
