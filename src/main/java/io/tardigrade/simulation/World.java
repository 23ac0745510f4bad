package io.tardigrade.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** Simulated time and chance, and the log of what happened. Same seed, same run. */
final class World {
  static final long MILLI = 1_000_000;

  private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return atNanos != other.atNanos
          ? Long.compare(atNanos, other.atNanos)
          : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final SplittableRandom random;
  private final List<String> log = new ArrayList<>();
  private final boolean logged;
  private long nowNanos;
  private long order;

  World(long seed, boolean logged) {
    this.random = new SplittableRandom(seed);
    this.logged = logged;
  }

  long nowNanos() {
    return nowNanos;
  }

  void after(long delayNanos, Runnable action) {
    events.add(new Event(nowNanos + Math.max(0, delayNanos), order++, action));
  }

  /** Does what is due next. */
  void step() {
    Event next = events.remove();
    nowNanos = next.atNanos();
    next.action().run();
  }

  /** A number from {@code from} up to, without, {@code to}. */
  int pick(int from, int to) {
    return random.nextInt(from, to);
  }

  /** A span of {@code from} to {@code to} milliseconds. */
  long millis(double from, double to) {
    return (long) (MILLI * (from + (to - from) * random.nextDouble()));
  }

  boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  long number() {
    return random.nextLong() >>> 1;
  }

  void log(Supplier<String> line) {
    if (logged) {
      log.add(String.format(Locale.ROOT, "%10.3f ms  %s", (double) nowNanos / MILLI, line.get()));
    }
  }

  List<String> lines() {
    return log;
  }
}
