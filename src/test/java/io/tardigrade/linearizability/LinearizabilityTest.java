package io.tardigrade.linearizability;

import static io.tardigrade.linearizability.Operation.NEVER;
import static io.tardigrade.linearizability.Operation.read;
import static io.tardigrade.linearizability.Operation.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linearizability.Linearizability.Judgement;
import io.tardigrade.linearizability.Linearizability.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LinearizabilityTest {
  private static final long STEPS_MAX = 5_000_000;

  private static Verdict judge(Operation... history) {
    return Linearizability.judge(List.of(history), STEPS_MAX).verdict();
  }

  @Test
  void readsThatReturnTheLastWriteAreFine() {
    assertThat(judge()).isEqualTo(Verdict.LINEARIZABLE);
    assertThat(
            judge(
                read(1, "x", null, 0, 1),
                write(1, "x", "a", 2, 3),
                read(2, "x", "a", 4, 5),
                write(2, "y", "b", 4, 5),
                read(1, "y", "b", 6, 7)))
        .isEqualTo(Verdict.LINEARIZABLE);
  }

  @Test
  void acknowledgedWriteThatIsForgottenIsFound() {
    Judgement judgement =
        Linearizability.judge(
            List.of(write(1, "x", "a", 0, 1), write(1, "x", "b", 2, 3), read(2, "x", "a", 4, 5)),
            STEPS_MAX);
    assertThat(judgement.verdict()).isEqualTo(Verdict.VIOLATED);
    assertThat(judgement.key()).isEqualTo("x");
    assertThat(judgement.detail()).contains("client 2 x read a");
  }

  @Test
  void operationsAtTheSameTimeMayHaveEitherOrder() {
    Operation first = write(1, "x", "a", 0, 10);
    Operation second = write(2, "x", "b", 5, 12);
    assertThat(judge(first, second, read(3, "x", "a", 20, 21))).isEqualTo(Verdict.LINEARIZABLE);
    assertThat(judge(first, second, read(3, "x", "b", 20, 21))).isEqualTo(Verdict.LINEARIZABLE);
    assertThat(judge(first, second, read(3, "x", "a", 20, 21), read(3, "x", "b", 22, 23)))
        .isEqualTo(Verdict.VIOLATED);
  }

  @Test
  void newerValueOnceSeenIsNotUnseen() {
    // Both reads lie within the write; the second began after the first had ended.
    assertThat(
            judge(
                write(1, "x", "a", 0, 1),
                write(2, "x", "b", 2, 100),
                read(3, "x", "b", 10, 20),
                read(4, "x", "a", 30, 40)))
        .isEqualTo(Verdict.VIOLATED);
    assertThat(
            judge(
                write(1, "x", "a", 0, 1),
                write(2, "x", "b", 2, 100),
                read(3, "x", "b", 10, 35),
                read(4, "x", "a", 30, 40)))
        .isEqualTo(Verdict.LINEARIZABLE);
  }

  @Test
  void unansweredWriteMayHaveHappenedLateOrNever() {
    Operation acknowledged = write(1, "x", "a", 0, 1);
    Operation unknown = write(2, "x", "b", 2, NEVER);
    assertThat(judge(acknowledged, unknown, read(1, "x", "a", 10, 11)))
        .isEqualTo(Verdict.LINEARIZABLE);
    assertThat(judge(acknowledged, unknown, read(1, "x", "a", 10, 11), read(1, "x", "b", 90, 91)))
        .isEqualTo(Verdict.LINEARIZABLE);
    assertThat(judge(acknowledged, unknown, read(1, "x", "b", 10, 11), read(1, "x", "a", 90, 91)))
        .isEqualTo(Verdict.VIOLATED);
    assertThat(judge(unknown, read(1, "x", "b", 0, 1)))
        .as("before it was asked for")
        .isEqualTo(Verdict.VIOLATED);
    assertThat(judge(read(1, "x", "z", 0, NEVER))).isEqualTo(Verdict.LINEARIZABLE);
  }

  @Test
  void valueThatNobodyWroteIsFound() {
    assertThat(judge(write(1, "x", "a", 0, 1), read(1, "x", "c", 2, 3)))
        .isEqualTo(Verdict.VIOLATED);
    assertThat(judge(write(1, "x", "a", 0, 1), read(1, "x", null, 2, 3)))
        .isEqualTo(Verdict.VIOLATED);
  }

  /** Tries all orders: too slow for anything but a few operations, and plainly right. */
  private static boolean anyOrderFits(List<Operation> left, String value) {
    if (left.stream().noneMatch(Operation::isAnswered)) {
      return true;
    }
    for (Operation next : left) {
      boolean tooEarly = left.stream().anyMatch(o -> o.returnedNanos() < next.calledNanos());
      boolean fits = !next.isRead() || Objects.equals(next.read(), value);
      if (!tooEarly && fits && !(next.isRead() && !next.isAnswered())) {
        List<Operation> rest = new ArrayList<>(left);
        rest.remove(next);
        if (anyOrderFits(rest, next.isRead() ? value : next.write())) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void verdictIsThatOfTryingAllOrders() {
    int violated = 0;
    for (int seed = 0; seed < 4000; seed++) {
      Random random = new Random(seed);
      List<Operation> history = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        long called = random.nextInt(12);
        long returned = random.nextInt(8) == 0 ? NEVER : called + random.nextInt(8);
        String some = "v" + random.nextInt(3);
        history.add(
            random.nextBoolean()
                ? write(i, "x", some, called, returned)
                : read(i, "x", random.nextInt(5) == 0 ? null : some, called, returned));
      }
      boolean fits = anyOrderFits(history, null);
      violated += fits ? 0 : 1;
      assertThat(Linearizability.judge(history, STEPS_MAX).verdict())
          .as("seed %d: %s", seed, history)
          .isEqualTo(fits ? Verdict.LINEARIZABLE : Verdict.VIOLATED);
    }
    assertThat(violated).isBetween(400, 3600);
  }

  /** A history of a true register, whose clients wait at random; some answers get lost. */
  private static List<Operation> register(int seed, int count, int clients, double lost) {
    Random random = new Random(seed);
    List<Operation> history = new ArrayList<>();
    long[] free = new long[clients];
    String value = null;
    long now = 0;
    for (int i = 0; i < count; i++) {
      int client = random.nextInt(clients);
      now = Math.max(now + 1 + random.nextInt(3), free[client] + 1);
      long called = Math.max(free[client] + 1, now - random.nextInt(10));
      boolean answered = random.nextDouble() >= lost;
      long returned = answered ? now + random.nextInt(10) : NEVER;
      free[client] = answered ? returned : now;
      if (random.nextBoolean()) {
        value = "v" + i;
        history.add(write(client, "x", value, called, returned));
      } else {
        history.add(read(client, "x", value, called, returned));
      }
    }
    return history;
  }

  @Test
  @Timeout(60)
  void tensOfThousandsOfOperationsAreJudgedInSeconds() {
    long begun = System.nanoTime();
    List<Operation> history = register(7, 20_000, 8, 0.001);
    assertThat(Linearizability.judge(history, STEPS_MAX).verdict()).isEqualTo(Verdict.LINEARIZABLE);
    int last = history.size() - 1;
    while (!history.get(last).isRead() || !history.get(last).isAnswered()) {
      last--;
    }
    Operation stale = history.get(last);
    history.set(
        last, read(stale.client(), "x", "v-never", stale.calledNanos(), stale.returnedNanos()));
    assertThat(Linearizability.judge(history, STEPS_MAX).verdict()).isEqualTo(Verdict.VIOLATED);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  @Timeout(60)
  void searchThatWouldNotEndIsGivenUpAndSaysSo() {
    List<Operation> history = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      history.add(write(i, "x", "v" + i, 0, 1000));
    }
    history.add(read(99, "x", "other", 2000, 2001));
    assertThat(Linearizability.judge(history, 100_000).verdict()).isEqualTo(Verdict.UNKNOWN);
  }
}
