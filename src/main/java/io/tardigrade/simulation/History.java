package io.tardigrade.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What clients asked of one register and were told, judged for linearizability. Every swap stores a
 * value of its own and returns the one before it; so the values name the only order in which the
 * swaps can have taken effect, and it is enough to see that
 *
 * <ol>
 *   <li>no value was followed by two others;
 *   <li>all swaps lie on one chain from the first value, and every value read lies on it;
 *   <li>nothing was answered before something was asked that comes earlier in that order, a read
 *       coming right behind the swap whose value it returned.
 * </ol>
 */
final class History {
  /** One request; {@code stored} 0 where it reads. */
  static final class Operation {
    final int client;
    final long stored;
    final long askedNanos;
    private long answeredNanos = Long.MAX_VALUE;
    private long returned;

    Operation(int client, long stored, long askedNanos) {
      this.client = client;
      this.stored = stored;
      this.askedNanos = askedNanos;
    }

    boolean isAnswered() {
      return answeredNanos != Long.MAX_VALUE;
    }

    boolean isRead() {
      return stored == 0;
    }

    @Override
    public String toString() {
      return (isRead() ? "read" : "swap of " + stored)
          + " by client "
          + client
          + " that returned "
          + returned;
    }
  }

  private final List<Operation> operations = new ArrayList<>();
  private final Map<Long, Operation> swapAfter = new HashMap<>();

  Operation asked(int client, long stored, long nowNanos) {
    Operation operation = new Operation(client, stored, nowNanos);
    operations.add(operation);
    return operation;
  }

  void answered(Operation operation, long returned, long nowNanos) {
    operation.answeredNanos = nowNanos;
    operation.returned = returned;
    if (!operation.isRead()) {
      Operation other = swapAfter.putIfAbsent(returned, operation);
      if (other != null) {
        throw new ViolationException(
            "one update is lost: " + other + ", and so did the " + operation);
      }
    }
  }

  long answers() {
    return operations.stream().filter(Operation::isAnswered).count();
  }

  /** Judges all of it, once everything asked was answered. */
  void check() {
    Map<Long, List<Operation>> reads = new HashMap<>();
    long swaps = 0;
    for (Operation operation : operations) {
      if (!operation.isAnswered()) {
        throw new ViolationException("the " + operation + " was never answered");
      }
      if (operation.isRead()) {
        reads.computeIfAbsent(operation.returned, v -> new ArrayList<>()).add(operation);
      } else {
        swaps++;
      }
    }
    List<Operation> order = new ArrayList<>();
    long value = 0;
    order.addAll(reads.getOrDefault(value, List.of()));
    for (Operation next = swapAfter.get(value); next != null; next = swapAfter.get(value)) {
      order.add(next);
      value = next.stored;
      order.addAll(reads.getOrDefault(value, List.of()));
      swaps--;
    }
    if (swaps != 0 || order.size() != operations.size()) {
      throw new ViolationException(
          operations.size()
              + " operations were answered, "
              + order.size()
              + " of them follow one another");
    }
    checkRealTime(order);
  }

  private static void checkRealTime(List<Operation> order) {
    long askedNanosMax = Long.MIN_VALUE;
    Operation latest = null;
    for (Operation operation : order) {
      if (latest != null && operation.answeredNanos < askedNanosMax) {
        throw new ViolationException(
            "the "
                + operation
                + " was answered before the "
                + latest
                + " was asked, but comes after it");
      }
      if (operation.askedNanos > askedNanosMax) {
        askedNanosMax = operation.askedNanos;
        latest = operation;
      }
    }
  }
}
