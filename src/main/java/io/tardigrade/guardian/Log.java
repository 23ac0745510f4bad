package io.tardigrade.guardian;

import io.tardigrade.process.RotatingLog;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The guardian's log: lines on stderr, which is a file of the guest's. Any thread. */
final class Log {
  private Log() {}

  /** Writes to {@code file} from now on. */
  static void into(Path file) {
    RotatingLog.takeStderr(file);
  }

  static void info(String text) {
    line("INFO", text);
  }

  static void warn(String text) {
    line("WARN", text);
  }

  /** An error of our own making, with its stack. */
  static void bug(String text, Throwable t) {
    line("ERROR", text + ": " + t);
    t.printStackTrace();
  }

  private static void line(String level, String text) {
    System.err.println(
        Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + level + " " + text.replace('\n', ' '));
  }
}
