package io.tardigrade.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.GuestFate.Backup;
import io.tardigrade.recovery.History.Diagnosis;
import io.tardigrade.recovery.History.Outcome;
import io.tardigrade.recovery.History.Reset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random hosts over random weeks; what holds of every decision is checked from outside. */
class LadderPropertyTest {
  private static final int HOSTS = 60;
  private static final int STEPS = 3000;

  /** True time, which neither clocks nor boots disturb. */
  private long trueMillis;

  private final List<Long> resetsAt = new ArrayList<>();
  private final Map<String, List<Long>> recyclesAt = new HashMap<>();
  private long failedResetAt = -1;
  private String where = "";

  @Test
  void whatHoldsOfEveryDecisionHolds() {
    long seed = System.nanoTime();
    int resets = 0;
    for (int host = 0; host < HOSTS; host++) {
      where = "seed " + seed + " host " + host;
      trueMillis = 0;
      resetsAt.clear();
      recyclesAt.clear();
      failedResetAt = -1;
      live(new Scene(), new Random(seed + host));
      resets += resetsAt.size();
    }
    // Otherwise nothing was tried.
    assertThat(resets).as("seed %d", seed).isGreaterThan(HOSTS / 2);
  }

  private void live(Scene scene, Random random) {
    for (int i = 0; i < STEPS; i++) {
      disturb(scene, random);
      Decision decision = scene.ask();
      check(scene, decision);
      assertThat(Ladder.decide(scene.observation(), scene.history))
          .as(where + ": the same twice")
          .isEqualTo(decision);
      scene.history = scene.history.after(decision, scene.now());
      obey(scene, decision, random);
      long millis = random.nextInt(20) == 0 ? random.nextLong(6_000_000) : random.nextLong(20_000);
      trueMillis += millis;
      scene.pass(millis);
    }
  }

  private void disturb(Scene scene, Random random) {
    List<ServiceId> ids = new ArrayList<>(scene.services.keySet());
    ServiceId id = ids.get(random.nextInt(ids.size()));
    switch (random.nextInt(14)) {
      case 0 -> scene.services.put(id, pick(random, Health.values()));
      case 1, 2, 3 -> ids.forEach(service -> scene.services.put(service, Health.HEALTHY));
      case 4 -> {
        Kind kind = pick(random, Kind.values());
        scene.signals.add(
            new Signal(
                kind,
                pick(random, Severity.values()),
                "s" + random.nextInt(3),
                random.nextInt(3) == 0 ? id : null,
                "something"));
      }
      case 5, 6 -> scene.signals.clear();
      case 7 -> scene.with(Kind.KERNEL_OOPS, Severity.CRITICAL);
      case 8 -> scene.maintenance = random.nextInt(4) == 0;
      case 9 -> scene.preserved = new Preserved(random.nextInt(4) != 0, "chance");
      case 10 -> {
        scene.guests.clear();
        scene.guests.add(
            GuestFate.alone("kv", random.nextInt(5) != 0, "chance", random.nextInt(3) == 0));
        if (random.nextInt(3) == 0) {
          long millis = random.nextInt(40_000);
          scene.guests.add(
              new GuestFate(
                  "db", random.nextBoolean(), "chance", false, new Backup("b", millis, 20_000)));
        }
        scene.otherRepair = random.nextInt(4) == 0 ? "host c is being repaired" : "";
      }
      case 11 -> {
        if (random.nextInt(4) == 0) {
          scene.unixMillis += random.nextLong(-400_000_000, 400_000_000);
        }
      }
      case 12 -> {
        if (random.nextInt(30) == 0) {
          // Power was lost; nobody counts that as a reset.
          scene.reboot(60_000);
          trueMillis += 60_000;
        }
      }
      default -> {
        if (random.nextInt(20) == 0) {
          scene.history = scene.history.acknowledgedAt(scene.now());
          failedResetAt = -1;
        }
      }
    }
  }

  private static <T> T pick(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private void check(Scene scene, Decision decision) {
    assertThat(decision.reasons()).as(where).isNotEmpty().allMatch(reason -> !reason.isBlank());
    assertThat(decision.summary()).as(where).isNotBlank();
    boolean healthy = scene.services.values().stream().allMatch(h -> h == Health.HEALTHY);
    boolean underWay =
        !scene.history.resets().isEmpty()
            && scene.history.resets().getLast().outcome() == Outcome.PENDING;
    if (healthy
        && !underWay
        && scene.signals.stream().allMatch(s -> s.severity() == Severity.NOTICE)) {
      assertThat(decision.step()).as(where).isEqualTo(Step.NONE);
    }
    if (!healthy) {
      assertThat(decision.step()).as(where).isNotEqualTo(Step.NONE);
    }
    if (scene.maintenance) {
      assertThat(decision.step())
          .as(where)
          .isNotIn(Step.RECYCLE, Step.SWITCH_OVER, Step.DIAGNOSE, Step.RESET);
    }
    if (decision.step() == Step.RESET) {
      checkReset(scene, decision);
    }
    if (decision.step() == Step.RECYCLE) {
      checkRecycle(scene, decision);
    } else if (decision.step() == Step.SWITCH_OVER) {
      assertThat(scene.otherRepair).as(where).isEmpty();
      assertThat(decision.targets()).as(where).hasSize(1);
      assertThat(scene.guests)
          .as(where)
          .anyMatch(g -> g.backup() != null && (!g.resettable() || cheaper(g.backup())));
    } else {
      assertThat(decision.targets()).as(where).isEmpty();
    }
  }

  private static boolean cheaper(Backup backup) {
    return backup.switchoverMillis() < backup.resetMillis();
  }

  private void checkReset(Scene scene, Decision decision) {
    assertThat(scene.preserved.armed()).as(where).isTrue();
    assertThat(scene.guests).as(where).allMatch(g -> g.resettable() || g.expendable());
    assertThat(failedResetAt).as(where + ": after a failed reset").isNegative();
    if (!resetsAt.isEmpty()) {
      assertThat(trueMillis - resetsAt.getLast())
          .as(where + ": true time since the last reset")
          .isGreaterThanOrEqualTo(Limits.RESET_INTERVAL_MILLIS);
    }
    List<Diagnosis> diagnoses =
        scene.history.diagnoses().stream()
            .filter(d ->
                d.cause().equals(decision.cause())
                    && d.at().bootId().equals(scene.now().bootId())
                    && scene.uptimeMillis - d.at().uptimeMillis() < Limits.DIAGNOSIS_VALID_MILLIS)
            .toList();
    assertThat(diagnoses).as(where + ": diagnosed before").isNotEmpty();
    assertThat(
            diagnoses.stream().anyMatch(Diagnosis::kept)
                || diagnoses.size() >= Limits.DIAGNOSES_MAX)
        .as(where)
        .isTrue();
  }

  private void checkRecycle(Scene scene, Decision decision) {
    assertThat(decision.targets()).as(where).isNotEmpty();
    assertThat(decision.targets().stream().map(Target::service).distinct().count())
        .as(where)
        .isEqualTo(decision.targets().size());
    for (Target target : decision.targets()) {
      String service = target.service().text() + " in " + scene.now().bootId();
      List<Long> times = recyclesAt.computeIfAbsent(service, s -> new ArrayList<>());
      times.removeIf(at -> trueMillis - at >= Limits.RECYCLE_WINDOW_MILLIS);
      times.add(trueMillis);
      assertThat(times).as(where).hasSizeLessThanOrEqualTo(Limits.RECYCLES_MAX);
    }
  }

  private void obey(Scene scene, Decision decision, Random random) {
    switch (decision.step()) {
      case RECYCLE ->
          decision
              .targets()
              .forEach(t -> {
                if (random.nextInt(3) != 0) {
                  scene.services.put(t.service(), Health.HEALTHY);
                }
              });
      case DIAGNOSE -> {
        if (random.nextInt(4) != 0) {
          scene.history = scene.history.diagnosisKept();
        }
      }
      case RESET -> {
        resetsAt.add(trueMillis);
        boolean done = random.nextInt(10) != 0;
        if (done) {
          scene.reboot(30_000);
          scene.signals.clear();
        } else {
          scene.pass(30_000);
          failedResetAt = trueMillis;
        }
        trueMillis += 30_000;
        scene.history = scene.history.resetEnded(done, scene.now());
        assertThat(scene.history.resets()).extracting(Reset::ended).doesNotContainNull();
      }
      case NONE, WAIT, ADVISE -> {}
    }
  }
}
