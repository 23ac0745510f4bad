package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linearizability.Linearizability;
import io.tardigrade.linearizability.Linearizability.Judgement;
import io.tardigrade.linearizability.Linearizability.Verdict;
import io.tardigrade.linearizability.Operation;
import io.tardigrade.system.FailureLab.Leading;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Failures in a lab, one after the other. Throughout, a client counts on one connection, and others
 * write and read registers, whose history is judged at the end; no two hosts may ever lead one
 * view, nor may the network see the guest on two hosts.
 */
final class FailureRun {
  private static final int CLIENTS = 4;
  private static final int PAUSE_MILLIS = 40;
  private static final long STEPS_MAX = 50_000_000;
  private static final long PROTECTED_NANOS_MAX = TimeUnit.MINUTES.toNanos(3);
  private static final long ANSWERS_BETWEEN = 20;

  private final String name;
  private final long seed;
  private final Random random;
  private final NavigableMap<Long, String> leaders = new TreeMap<>();
  private int resumed;

  FailureRun(String name, long seed) {
    this.name = name;
    this.seed = seed;
    this.random = new Random(seed);
  }

  private interface Choice {
    Failure of(int number);
  }

  void random(int count) throws Exception {
    run(count, _ -> Failure.any(random));
  }

  void these(Failure... failures) throws Exception {
    run(failures.length, number -> failures[number]);
  }

  private void run(int count, Choice choice) throws Exception {
    System.out.println(name + ": -Dseed=" + seed + ", " + count + " failures");
    try (FailureLab lab = FailureLab.open()) {
      try {
        fail(lab, count, choice);
      } catch (Exception | AssertionError e) {
        lab.keepLogs(name);
        throw new AssertionError(name + " with -Dseed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private void fail(FailureLab lab, int count, Choice choice) throws Exception {
    lab.awaitProtected(PROTECTED_NANOS_MAX);
    note(lab);
    RegisterClients registers;
    List<String> ports;
    try (GuestPorts seen = new GuestPorts(lab.wire(), lab.mac());
        CountingClient counter = CountingClient.redis(lab.address(), 6379)) {
      registers = new RegisterClients(lab.address(), CLIENTS, PAUSE_MILLIS, seed);
      try (registers) {
        for (int i = 0; i < count; i++) {
          one(lab, i + 1, choice.of(i), counter);
          assertThat(registers.losses()).isEmpty();
        }
      }
      lab.awaitProtected(PROTECTED_NANOS_MAX);
      note(lab);
      ports = seen.all();
      System.out.println(name + ": " + counter.answers() + " increments, none missing");
    }
    judge(registers.history());
    assertThat(ports.size() - 1)
        .as("the guest was seen behind ports %s", ports)
        .isLessThanOrEqualTo(movesMax(leaders) + 2 * resumed);
  }

  /** How often the guest can have changed its host: a view that was not seen may be of any. */
  static int movesMax(NavigableMap<Long, String> leaders) {
    int moves = 0;
    for (Map.Entry<Long, String> each : leaders.entrySet()) {
      Map.Entry<Long, String> next = leaders.higherEntry(each.getKey());
      if (next != null) {
        long views = next.getKey() - each.getKey();
        boolean stayed = views == 1 && each.getValue().equals(next.getValue());
        moves += stayed ? 0 : Math.toIntExact(views);
      }
    }
    return moves;
  }

  private void one(FailureLab lab, int number, Failure failure, CountingClient counter)
      throws Exception {
    Leading before = lab.awaitProtected(PROTECTED_NANOS_MAX);
    note(lab);
    counter.await(ANSWERS_BETWEEN);
    counter.resetWait();
    Failure.Plan plan = failure.plan(before.host(), random);
    long beginNanos = System.nanoTime();
    plan.begin(lab);
    hold(lab, plan.holdMillis());
    if (failure == Failure.PRIMARY_LOSES_POWER) {
      // The guest is not to wait for its host.
      counter.await(ANSWERS_BETWEEN);
    }
    plan.end(lab);
    if (failure == Failure.PRIMARY_STANDS_STILL || failure == Failure.BACKUP_STANDS_STILL) {
      resumed++;
    }
    note(lab);
    counter.await(ANSWERS_BETWEEN);
    Leading after = lab.awaitProtected(PROTECTED_NANOS_MAX);
    note(lab);
    System.out.printf(
        Locale.ROOT,
        "%s %d: %s; client waited %.2f s, whole again after %.1f s on %s, view %d to %d%n",
        name,
        number,
        plan,
        counter.longestWait().toNanos() / 1e9,
        (System.nanoTime() - beginNanos) / 1e9,
        after.host(),
        before.replica().view(),
        after.replica().view());
  }

  private void hold(FailureLab lab, long millis) throws Exception {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() - until < 0) {
      note(lab);
      Thread.sleep(50);
    }
  }

  /** Who leads which view; one that is cut off may not know that there is a newer one. */
  private void note(FailureLab lab) throws Exception {
    for (Leading each : lab.leading()) {
      String other = leaders.putIfAbsent(each.replica().view(), each.host());
      assertThat(each.host())
          .as("who leads view %d", each.replica().view())
          .isEqualTo(other == null ? each.host() : other);
    }
  }

  private void judge(List<Operation> history) {
    Judgement judgement = Linearizability.judge(history, STEPS_MAX);
    long unanswered =
        history.stream().filter(each -> each.returnedNanos() == Operation.NEVER).count();
    System.out.printf(
        "%s: %d operations of registers, %d without an answer: %s%n",
        name, history.size(), unanswered, judgement.verdict());
    assertThat(judgement.verdict()).as(judgement.detail()).isEqualTo(Verdict.LINEARIZABLE);
    List<Operation> answered = new ArrayList<>(history);
    answered.removeIf(each -> each.returnedNanos() == Operation.NEVER);
    assertThat(answered).hasSizeGreaterThan(CLIENTS);
  }
}
