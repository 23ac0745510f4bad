package io.tardigrade.replica;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.View;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** Time, links and coordinator of hosts in one process, and what the guest was at each epoch. */
final class TestNet {
  static final long MILLI = 1_000_000;

  private record Event(long atNanos, long order, Action action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return atNanos == other.atNanos
          ? Long.compare(order, other.order)
          : Long.compare(atNanos, other.atNanos);
    }
  }

  interface Action {
    void run() throws Exception;
  }

  final Random random;
  final Map<EpochId, Snapshot> snapshots = new HashMap<>();
  final Map<EpochId, EpochId> parents = new HashMap<>();
  final Set<String> cut = new HashSet<>();
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Set<EpochId> visible = new HashSet<>();
  private EpochId released = EpochId.NONE;
  long nowNanos;
  View stored;
  int proposals;
  private long order;

  TestNet(long seed, View first) {
    random = new Random(seed);
    stored = first;
    visible.add(released);
  }

  void after(long nanos, Action action) {
    events.add(new Event(nowNanos + nanos, order++, action));
  }

  long delayNanos() {
    return MILLI / 5 + random.nextInt((int) (2 * MILLI));
  }

  void play(long nanos) throws Exception {
    long endNanos = nowNanos + nanos;
    while (!events.isEmpty() && events.element().atNanos() <= endNanos) {
      Event next = events.remove();
      nowNanos = next.atNanos();
      next.action().run();
    }
    nowNanos = endNanos;
  }

  void read(Consumer<View> answer) {
    after(MILLI, () -> answer.accept(stored));
  }

  void propose(View next, Consumer<View> answer) {
    proposals++;
    after(
        MILLI + delayNanos(),
        () -> {
          proposals--;
          if (stored.number() + 1 == next.number()) {
            stored = next;
          }
          View now = stored;
          after(MILLI, () -> answer.accept(now));
        });
  }

  /** Clients have seen the output of this epoch: it must follow all that they saw. */
  void released(String host, EpochId upTo) {
    if (visible.contains(upTo)) {
      return;
    }
    Set<EpochId> added = new HashSet<>();
    for (EpochId at = upTo; !at.equals(released); ) {
      if (!added.add(at) || visible.contains(at) || !parents.containsKey(at)) {
        throw new AssertionError(
            host + " lets out " + upTo + ", which does not follow " + released);
      }
      at = parents.getOrDefault(at, EpochId.NONE);
    }
    visible.addAll(added);
    released = upTo;
  }

  EpochId released() {
    return released;
  }
}
