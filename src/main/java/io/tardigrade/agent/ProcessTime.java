package io.tardigrade.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much processor time a process has had: fields 14 and 15 (utime, stime) of /proc/PID/stat, in
 * hundredths of a second; see proc_pid_stat(5).
 */
final class ProcessTime {
  private static final int TICK_MILLIS = 10;

  /** Of the fields after the name, which is in brackets and may hold blanks. */
  private static final int USER_FIELD = 11;

  private ProcessTime() {}

  /** Of this process in milliseconds; 0 where there is none. */
  static long millisOf(long pid) {
    try {
      byte[] stat = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "stat"));
      return parse(new String(stat, StandardCharsets.ISO_8859_1));
    } catch (IOException | RuntimeException e) {
      // It has ended, which its watch is told by other means.
      return 0;
    }
  }

  static long parse(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return TICK_MILLIS
        * (Long.parseLong(fields[USER_FIELD]) + Long.parseLong(fields[USER_FIELD + 1]));
  }
}
