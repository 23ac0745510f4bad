package io.tardigrade.linearizability;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a history of registers is linearizable: whether each operation can have taken
 * effect at one moment between its question and its answer, such that every read returns what was
 * written last.
 *
 * <p>The search is the one of Wing and Gong ("Testing and verifying concurrent objects", 1993): an
 * operation may come next if no other's answer came before its question; take one that fits, and go
 * back where that leads nowhere. It is made fast by what Lowe adds ("Testing for linearizability",
 * 2017): a set of operations already placed together with the value they left is never searched
 * twice. Registers are independent of each other, so each is judged alone (Herlihy and Wing:
 * linearizability is local).
 *
 * <p>An operation without an answer may be placed anywhere after its question, or nowhere. A read
 * without an answer says nothing and is left out, and so is such a write whose value nobody read.
 */
public final class Linearizability {
  private Linearizability() {}

  /** What was found. */
  public enum Verdict {
    /** There is an order. */
    LINEARIZABLE,
    /** There is none. */
    VIOLATED,
    /** The search was given up before either was found. */
    UNKNOWN
  }

  /**
   * A judgement.
   *
   * @param key the register it is about, empty where all are fine
   * @param detail for people: the longest order that was found, and what then fits nowhere
   */
  public record Judgement(Verdict verdict, String key, String detail) {}

  /** Judges a whole history; registers hold nothing at its beginning. */
  public static Judgement judge(List<Operation> history, long stepsMax) {
    Map<String, List<Operation>> registers = new TreeMap<>();
    for (Operation operation : history) {
      registers.computeIfAbsent(operation.key(), k -> new ArrayList<>()).add(operation);
    }
    @Nullable Judgement unknown = null;
    for (Map.Entry<String, List<Operation>> register : registers.entrySet()) {
      Search search = new Search(register.getValue(), stepsMax);
      Verdict verdict = search.run();
      Judgement judgement = new Judgement(verdict, register.getKey(), search.detail());
      if (verdict == Verdict.VIOLATED) {
        return judgement;
      }
      if (verdict == Verdict.UNKNOWN) {
        unknown = judgement;
      }
    }
    return unknown != null ? unknown : new Judgement(Verdict.LINEARIZABLE, "", "");
  }

  /** Questions and answers of one register in the order of time, doubly linked. */
  private static final class Event {
    final int operation;
    final boolean question;
    final long nanos;
    @Nullable Event match;
    @Nullable Event before;
    @Nullable Event after;

    Event(int operation, boolean question, long nanos) {
      this.operation = operation;
      this.question = question;
      this.nanos = nanos;
    }
  }

  /** All operations below {@code first} are placed, and {@code more}, counted from there. */
  private record Seen(int first, BitSet more, @Nullable String value) {}

  private record Placed(Event question, @Nullable String valueBefore) {}

  private static final class Search {
    private final List<Operation> operations;
    private final Event head = new Event(-1, false, Long.MIN_VALUE);
    private final Set<Seen> seen = new HashSet<>();
    private final List<Placed> order = new ArrayList<>();
    private final BitSet placed = new BitSet();
    private final long stepsMax;
    private List<Operation> best = List.of();
    private int placedMost;
    private Optional<Operation> misfit = Optional.empty();
    private @Nullable String value;

    /** What is not placed and has to be; what never came back need not have happened. */
    private int answeredLeft;

    Search(List<Operation> all, long stepsMax) {
      Set<@Nullable String> seenByReads = new HashSet<>();
      for (Operation operation : all) {
        if (operation.isRead() && operation.isAnswered()) {
          seenByReads.add(operation.read());
        }
      }
      // Of an order with an unanswered write whose value nobody read, that write can be taken out:
      // so it is not tried, or each such write would double what is to be searched.
      this.operations =
          all.stream()
              .filter(o -> o.isAnswered() || (!o.isRead() && seenByReads.contains(o.write())))
              .sorted(Comparator.comparingLong(Operation::calledNanos))
              .toList();
      this.answeredLeft = (int) operations.stream().filter(Operation::isAnswered).count();
      this.stepsMax = stepsMax;
      List<Event> events = new ArrayList<>();
      for (int i = 0; i < operations.size(); i++) {
        Operation operation = operations.get(i);
        Event question = new Event(i, true, operation.calledNanos());
        Event answer = new Event(i, false, operation.returnedNanos());
        question.match = answer;
        answer.match = question;
        events.add(question);
        events.add(answer);
      }
      // Of two at the same time the question counts as earlier: then they overlap.
      events.sort((a, b) -> {
        int byTime = Long.compare(a.nanos, b.nanos);
        return byTime != 0 ? byTime : Boolean.compare(b.question, a.question);
      });
      Event last = head;
      for (Event event : events) {
        last.after = event;
        event.before = last;
        last = event;
      }
    }

    Verdict run() {
      long steps = 0;
      @Nullable Event at = head.after;
      while (at != null && answeredLeft > 0) {
        if (++steps > stepsMax) {
          return Verdict.UNKNOWN;
        }
        if (at.question) {
          at = tryToPlace(at) ? head.after : at.after;
          continue;
        }
        // An answer of what is not placed: nothing behind it may come before it.
        note(operations.get(at.operation));
        if (order.isEmpty()) {
          return Verdict.VIOLATED;
        }
        at = takeBack();
      }
      return Verdict.LINEARIZABLE;
    }

    private boolean tryToPlace(Event question) {
      Operation operation = operations.get(question.operation);
      if (operation.isRead() && !Objects.equals(operation.read(), value)) {
        return false;
      }
      @Nullable String after = operation.isRead() ? value : operation.write();
      placed.set(question.operation);
      int first = placed.nextClearBit(0);
      BitSet more = placed.get(first, Math.max(first, placed.length()));
      if (!seen.add(new Seen(first, more, after))) {
        placed.clear(question.operation);
        return false;
      }
      order.add(new Placed(question, value));
      value = after;
      answeredLeft -= operation.isAnswered() ? 1 : 0;
      lift(question);
      return true;
    }

    private @Nullable Event takeBack() {
      Placed last = order.removeLast();
      value = last.valueBefore();
      placed.clear(last.question().operation);
      answeredLeft += operations.get(last.question().operation).isAnswered() ? 1 : 0;
      putBack(last.question());
      return last.question().after;
    }

    private static void lift(Event question) {
      unlink(question);
      unlink(Objects.requireNonNull(question.match));
    }

    private static void unlink(Event event) {
      Objects.requireNonNull(event.before).after = event.after;
      if (event.after != null) {
        event.after.before = event.before;
      }
    }

    /** The other way round: what was taken out last goes in first. */
    private static void putBack(Event question) {
      link(Objects.requireNonNull(question.match));
      link(question);
    }

    private static void link(Event event) {
      Objects.requireNonNull(event.before).after = event;
      if (event.after != null) {
        event.after.before = event;
      }
    }

    private void note(Operation stuck) {
      if (order.size() >= placedMost) {
        placedMost = order.size();
        best =
            order.subList(Math.max(0, order.size() - 5), order.size()).stream()
                .map(p -> operations.get(p.question().operation))
                .toList();
        misfit = Optional.of(stuck);
      }
    }

    String detail() {
      if (misfit.isEmpty()) {
        return "";
      }
      return "after " + best + " nothing explains " + misfit.get();
    }
  }
}
