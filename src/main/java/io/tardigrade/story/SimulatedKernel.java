package io.tardigrade.story;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The operating system of the simulated host: what it says in /proc, /sys and /dev/kmsg, as text,
 * so that the parsers are played through as well. A reset replaces it by a new one.
 */
final class SimulatedKernel {
  private static final long BASE_BYTES = 400L << 20;
  private static final int LOG_RECORDS_MAX = 2000;

  private final Deque<String> log = new ArrayDeque<>();
  private long sequence;
  private int unread;
  private double leakPerSecond;
  private double leakedBytes;
  private long taint;
  private final Map<String, Long> corrected = new TreeMap<>();
  private double cpuStallMicros;
  private double percent60;

  void leak(double bytesPerSecond) {
    leakPerSecond = bytesPerSecond;
  }

  void corrected(String module, int count) {
    corrected.merge(module, (long) count, Long::sum);
  }

  Map<String, Long> corrected() {
    return corrected;
  }

  long taint() {
    return taint;
  }

  void log(long uptimeMillis, String text) {
    log.addLast(
        String.format(Locale.ROOT, "4,%d,%d,-;%s%n", sequence++, uptimeMillis * 1000, text));
    unread++;
    if (log.size() > LOG_RECORDS_MAX) {
      log.removeFirst();
    }
    unread = Math.min(unread, log.size());
    if (text.startsWith("Oops") || text.startsWith("BUG: unable")) {
      taint |= 1 << 7;
    }
  }

  /** A new reader begins with the oldest record that there is. */
  void rewindLog() {
    unread = log.size();
  }

  List<String> newLog() {
    List<String> fresh = new ArrayList<>(log).subList(log.size() - unread, log.size());
    unread = 0;
    return fresh;
  }

  void pass(long millis, int loadPercent) {
    leakedBytes += leakPerSecond * millis / 1000;
    double stalled = Math.max(0, loadPercent - 50) * 2;
    cpuStallMicros += stalled / 100 * millis * 1000;
    percent60 += (stalled - percent60) * Math.min(1, millis / 60_000.0);
  }

  /** Bytes that the kernel holds. */
  long bytes() {
    return BASE_BYTES + (long) leakedBytes;
  }

  String memInfo(long totalBytes, long processBytes, int loadPercent, long nowMillis) {
    // A busy host's caches fill what there is, come and go; the tide is the same in every run.
    double tide = 0.5 + 0.3 * Math.sin(nowMillis / 1e6) + 0.2 * Math.sin(nowMillis / 77_000.0);
    long room = Math.max(0, totalBytes - bytes() - processBytes);
    long busy = Math.min(room / 2, (long) (room * (loadPercent / 100.0) * 0.5 * tide));
    long left = room - busy;
    long cached = left / 3;
    return line("MemTotal", totalBytes)
        + line("MemFree", left - cached)
        + line("MemAvailable", left)
        + line("Buffers", 0)
        + line("Cached", cached)
        + line("AnonPages", processBytes + busy)
        + line("SReclaimable", 0)
        + line("SUnreclaim", bytes() / 2);
  }

  private static String line(String name, long bytes) {
    return String.format(Locale.ROOT, "%-16s%8d kB%n", name + ":", bytes >> 10);
  }

  String cpuPressure() {
    return stall("some", percent60, cpuStallMicros) + stall("full", 0, 0);
  }

  /** Where next to nothing is left, everything waits for memory. */
  String memoryPressure(long availableBytes) {
    double percent = availableBytes < 64L << 20 ? 90 : 0;
    return stall("some", percent, 0) + stall("full", percent, 0);
  }

  private static String stall(String kind, double percent, double micros) {
    return String.format(
        Locale.ROOT,
        "%s avg10=%.2f avg60=%.2f avg300=%.2f total=%.0f%n",
        kind,
        percent,
        percent,
        percent,
        micros);
  }
}
