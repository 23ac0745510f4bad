package io.tardigrade.recovery;

import static io.tardigrade.recovery.Scene.HOUR;
import static io.tardigrade.recovery.Scene.MINUTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LadderTest {
  private static final ServiceId HYPERVISOR = ServiceId.hypervisor("kv");
  private static final ServiceId GUARDIAN = ServiceId.guardian("kv");

  private final Scene scene = new Scene();

  private Scene oops() {
    return scene.with(Kind.KERNEL_OOPS, Severity.CRITICAL);
  }

  @Test
  void aHealthyHostIsLeftAloneAndTheReasonIsGiven() {
    assertThat(scene.ask().step()).isEqualTo(Step.NONE);
    assertThat(scene.ask().reasons()).containsExactly("all services answer, 5 of them");
  }

  @Test
  void aBusyHealthyHostIsLeftAlone() {
    scene.with(Kind.CPU_PRESSURE, Severity.NOTICE).with(Kind.IO_PRESSURE, Severity.WARNING);
    scene.with(Kind.SLOW_ANSWERS, Severity.NOTICE).with(Kind.SOFT_LOCKUP, Severity.WARNING);
    assertThat(scene.ask().step()).isEqualTo(Step.NONE);
    assertThat(scene.ask().reasons()).contains("left alone: " + Kind.CPU_PRESSURE.meaning());
  }

  @Test
  void aFailedServiceIsRecycledAtOnceAndAlone() {
    Decision decision = scene.with(HYPERVISOR, Health.FAILED).ask();
    assertThat(decision.step()).isEqualTo(Step.RECYCLE);
    assertThat(decision.targets()).extracting(Target::service).containsExactly(HYPERVISOR);
  }

  @Test
  void aHypervisorWhoseGuardianFailedComesBackWithIt() {
    scene.with(HYPERVISOR, Health.FAILED).with(GUARDIAN, Health.FAILED);
    assertThat(scene.ask().targets()).extracting(Target::service).containsExactly(GUARDIAN);
  }

  @Test
  void servicesThatFailTogetherAreRecycledTogether() {
    scene.with(HYPERVISOR, Health.FAILED).with(ServiceId.AGENT, Health.HUNG);
    assertThat(scene.ask().targets())
        .extracting(Target::service)
        .containsExactlyInAnyOrder(HYPERVISOR, ServiceId.AGENT);
  }

  @Test
  void recyclesOfAServiceAreBoundedAndSpaced() {
    scene.with(GUARDIAN, Health.FAILED);
    int recycles = 0;
    long last = -HOUR;
    for (long second = 0; second < 600; second++) {
      if (scene.act().step() == Step.RECYCLE) {
        long pause = Limits.RECYCLE_PAUSES_MILLIS.get(recycles++);
        assertThat(scene.uptimeMillis - last).isGreaterThanOrEqualTo(pause);
        last = scene.uptimeMillis;
      }
      scene.pass(1000);
    }
    assertThat(recycles).isEqualTo(Limits.RECYCLES_MAX);
    assertThat(scene.history.diagnoses()).hasSize(1);
    assertThat(scene.history.resets()).isEmpty();
    assertThat(scene.history.advices()).hasSize(1);
  }

  @Test
  void servicesOfTwoGuestsThatCannotBeKeptAliveAreTheHostsFault() {
    scene.with(GUARDIAN, Health.FAILED).with(ServiceId.guardian("web"), Health.FAILED);
    for (int second = 0; second < 300 && scene.history.resets().isEmpty(); second++) {
      scene.act();
      scene.pass(1000);
    }
    assertThat(scene.history.resets()).hasSize(1);
    assertThat(scene.history.recycles()).hasSize(2 * Limits.RECYCLES_MAX);
    assertThat(scene.history.diagnoses()).isNotEmpty();
  }

  @Test
  void aSickKernelIsDiagnosedAndThenReset() {
    assertThat(oops().act().step()).isEqualTo(Step.DIAGNOSE);
    Decision reset = scene.ask();
    assertThat(reset.step()).isEqualTo(Step.RESET);
    assertThat(reset.reasons())
        .contains(
            "no service is at fault, so there is nothing to recycle",
            "the evidence is kept",
            "preserved memory is armed",
            "2 guests would be frozen in memory and resumed",
            "this host has never been reset");
  }

  @Test
  void aGuestThatWaitsForARecycleComesBeforeAReset() {
    oops().act();
    scene.with(HYPERVISOR, Health.FAILED);
    Decision decision = scene.ask();
    assertThat(decision.step()).isEqualTo(Step.RECYCLE);
    assertThat(decision.reasons())
        .contains("besides, kernel-oops: reset the operating system under its guests");
  }

  @Test
  void whileAResetIsUnderWayNothingElseIsDone() {
    oops().climb();
    scene.with(HYPERVISOR, Health.FAILED);
    assertThat(scene.ask().step()).isEqualTo(Step.WAIT);
  }

  @Test
  void aResetWhoseEndNobodyReportsHasFailed() {
    oops().climb();
    scene.pass(Limits.RESET_DURATION_MAX_MILLIS);
    assertThat(scene.climb()).containsExactly(Step.ADVISE);
    scene.pass(30 * HOUR);
    assertThat(scene.climb()).doesNotContain(Step.RESET).contains(Step.ADVISE);
  }

  @Test
  void thereIsNoSecondResetWithinTheHourAndThereIsOneAfterIt() {
    resetDone();
    oops();
    scene.pass(10 * MINUTE);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.ADVISE);
    scene.pass(45 * MINUTE);
    assertThat(scene.climb()).isEmpty();
    scene.pass(10 * MINUTE);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void aPanicCountsAsAReset() {
    scene.reboot(20_000);
    scene.history = scene.history.unplannedReset("panic", scene.now());
    assertThat(oops().climb()).containsExactly(Step.DIAGNOSE, Step.ADVISE);
  }

  @Test
  void aWallClockSetBetweenTwoBootsDoesNotMakeAResetLongAgoEither() {
    resetDone();
    scene.reboot(60_000);
    scene.unixMillis += 50 * HOUR;
    assertThat(oops().climb()).doesNotContain(Step.RESET);
    scene.pass(HOUR);
    assertThat(scene.climb()).contains(Step.RESET);
  }

  private void resetDone() {
    oops().climb();
    scene.reboot(20_000);
    scene.history = scene.history.resetEnded(true, scene.now());
    scene.signals.clear();
  }

  @Test
  void settingTheWallClockDoesNotMakeAResetLongAgo() {
    resetDone();
    scene.unixMillis += 5 * HOUR;
    scene.pass(10 * MINUTE);
    oops();
    assertThat(scene.climb()).doesNotContain(Step.RESET);
    scene.unixMillis -= 100 * HOUR;
    assertThat(scene.climb()).doesNotContain(Step.RESET);
  }

  @Test
  void resetsOfADayAreBounded() {
    int resets = 0;
    for (int i = 0; i < 6; i++) {
      oops();
      if (scene.climb().contains(Step.RESET)) {
        resets++;
        scene.reboot(20_000);
        scene.history = scene.history.resetEnded(true, scene.now());
      }
      scene.signals.clear();
      scene.pass(2 * HOUR);
    }
    assertThat(resets).isEqualTo(Limits.RESETS_PER_DAY_MAX);
  }

  @Test
  void afterAFailedResetThereIsOnlyAdviceUntilItIsAcknowledged() {
    oops().climb();
    scene.history = scene.history.resetEnded(false, scene.now());
    scene.pass(3 * HOUR);
    assertThat(scene.climb()).containsExactly(Step.ADVISE);
    assertThat(scene.ask().reasons())
        .contains("no reset: an earlier reset failed, and no operator has acknowledged that");
    scene.pass(MINUTE);
    scene.history = scene.history.acknowledgedAt(scene.now());
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void aHostThatIsNotArmedIsDiagnosedAndTold() {
    scene.preserved = new Preserved(false, "no memmap=");
    assertThat(oops().climb()).containsExactly(Step.DIAGNOSE, Step.ADVISE);
    assertThat(scene.ask().reasons())
        .contains("no reset: preserved memory is not armed: no memmap=");
  }

  @Test
  void allThatStandsInTheWayIsListed() {
    scene.preserved = new Preserved(false, "");
    scene.guests.add(GuestFate.alone("db", false, "its image is elsewhere", false));
    oops().climb();
    assertThat(scene.ask().reasons())
        .contains(
            "no reset: preserved memory is not armed",
            "no reset: db would not be resumed (its image is elsewhere)");
  }

  @Test
  void aGuestIsNotSacrificedUnlessItsOwnerAgreed() {
    scene.guests.add(GuestFate.alone("db", false, "its image is elsewhere", false));
    assertThat(oops().climb()).doesNotContain(Step.RESET);
    scene.guests.removeLast();
    scene.guests.add(GuestFate.alone("db", false, "its image is elsewhere", true));
    assertThat(scene.climb()).contains(Step.RESET);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void underMaintenanceThereIsOnlyAdvice(Kind kind) {
    scene.maintenance = true;
    scene.with(kind, Severity.CRITICAL).with(GUARDIAN, Health.HUNG);
    scene.signals.add(
        new Signal(Kind.PROCESS_MEMORY_GROWTH, Severity.CRITICAL, "x", GUARDIAN, "leaks"));
    assertThat(scene.climb()).containsOnly(Step.ADVISE);
    assertThat(scene.climb()).isEmpty();
  }

  @Test
  void aDiagnosisThatFailsTwiceDoesNotKeepAHostFromBeingSaved() {
    oops();
    for (int i = 0; i < Limits.DIAGNOSES_MAX; i++) {
      Decision decision = scene.ask();
      assertThat(decision.step()).isEqualTo(Step.DIAGNOSE);
      scene.history = scene.history.after(decision, scene.now());
    }
    assertThat(scene.ask().step()).isEqualTo(Step.RESET);
    assertThat(scene.ask().reasons().toString()).contains("could not be kept in 2 attempts");
  }

  @Test
  void aDiagnosisOfLongAgoOrOfAnotherBootDoesNotCount() {
    oops().act();
    scene.pass(Limits.DIAGNOSIS_VALID_MILLIS);
    assertThat(scene.ask().step()).isEqualTo(Step.DIAGNOSE);
    scene.act();
    scene.reboot(60_000);
    assertThat(scene.ask().step()).isEqualTo(Step.DIAGNOSE);
  }

  @Test
  void aKernelMemoryLeakClimbsTheWholeLadder() {
    scene.with(Kind.KERNEL_MEMORY_GROWTH, Severity.WARNING);
    Decision first = scene.act();
    assertThat(first.step()).isEqualTo(Step.RECYCLE);
    assertThat(first.targets()).extracting(Target::service).containsExactly(ServiceId.AGENT);
    assertThat(scene.pass(1000).act().step()).isEqualTo(Step.WAIT);
    scene.pass(Limits.RECYCLE_SETTLE_MILLIS);
    assertThat(scene.climb()).containsExactly(Step.ADVISE);
    scene.signals.clear();
    scene.with(Kind.KERNEL_MEMORY_GROWTH, Severity.CRITICAL);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void aLeakThatIsCriticalAtFirstSightIsRecycledFirstAsWell() {
    scene.with(Kind.KERNEL_MEMORY_GROWTH, Severity.CRITICAL);
    assertThat(scene.climb()).containsExactly(Step.RECYCLE);
    scene.pass(Limits.RECYCLE_SETTLE_MILLIS);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void aServiceThatLeaksIsRecycledNowAndThenButNotForEver() {
    scene.signals.add(
        new Signal(Kind.PROCESS_MEMORY_GROWTH, Severity.WARNING, "x", GUARDIAN, "leaks"));
    for (int i = 0; i < 20; i++) {
      scene.act();
      scene.pass(30 * MINUTE);
    }
    assertThat(scene.history.recycles()).hasSize(Limits.LEAK_RECYCLES_PER_DAY_MAX);
    assertThat(scene.history.advices()).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {
        "CORRECTED_MEMORY_ERRORS",
        "IO_ERROR",
        "FILE_SYSTEM_ERROR",
        "HUNG_TASK",
        "DISK_SPACE",
        "DISK_HEALTH",
        "CLOCK_JUMP",
        "MEMORY_PRESSURE",
        "OUT_OF_MEMORY",
        "MACHINE_CHECK"
      })
  void whatAResetDoesNotHealIsLeftToAPerson(Kind kind) {
    scene.with(kind, Severity.CRITICAL);
    for (int hour = 0; hour < 48; hour++) {
      assertThat(scene.climb()).doesNotContain(Step.RESET, Step.RECYCLE);
      scene.pass(HOUR);
    }
    assertThat(scene.history.advices()).hasSizeBetween(8, 9);
  }

  @Test
  void aServiceStuckInTheKernelLeadsToAReset() {
    scene.with(HYPERVISOR, Health.STUCK);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void historyIsKeptAsJson() throws IOException {
    oops().climb();
    scene.with(HYPERVISOR, Health.FAILED);
    scene.history = scene.history.resetEnded(true, scene.now()).acknowledgedAt(scene.now());
    scene.act();
    scene.maintenance = true;
    scene.act();
    assertThat(Json.parse("history", Json.line(scene.history), History.class))
        .isEqualTo(scene.history);
    assertThat(Json.parse("history", Json.line(History.NONE), History.class))
        .isEqualTo(History.NONE);
  }

  @Test
  void historyIsBounded() {
    Decision advice = Decision.of(Step.ADVISE, "c", "s", List.of("r"));
    for (int i = 0; i < 2 * History.ENTRIES_MAX; i++) {
      scene.history = scene.history.after(advice, scene.pass(1).now());
    }
    assertThat(scene.history.advices()).hasSize(History.ENTRIES_MAX);
    assertThat(scene.history.advices().getLast().at()).isEqualTo(scene.now());
  }

  @Test
  void failureAfterTheGuestGotOnIsANewOne() {
    Scene scene = new Scene();
    for (int i = 0; i < 20; i++) {
      scene.with(ServiceId.guardian("kv"), Health.FAILED);
      assertThat(scene.act().step()).as("failure %d", i).isEqualTo(Step.RECYCLE);
      assertThat(scene.ask().step()).as("until it got on").isEqualTo(Step.WAIT);
      scene.history = scene.history.recovered(ServiceId.guardian("kv"));
      scene.pass(300);
    }
    scene.history = scene.history.recovered(ServiceId.guardian("web"));
    assertThat(scene.act().step()).isEqualTo(Step.RECYCLE);
    scene.history = scene.history.recovered(ServiceId.guardian("web"));
    assertThat(scene.act().step()).as("another guest got on").isEqualTo(Step.WAIT);
  }

  @Test
  void leakThatComesBackIsCountedThoughTheGuestGetsOn() {
    History history =
        History.NONE.after(
            new Decision(
                Step.RECYCLE,
                "process-memory-growth",
                List.of(new Decision.Target(ServiceId.guardian("kv"), "process-memory-growth")),
                "recycle",
                List.of("it leaks")),
            new Moment(1, 1, "b"));
    assertThat(history.recovered(ServiceId.guardian("kv"))).isEqualTo(history);
  }

  private static GuestFate replicated(String guest, boolean resettable, long millis) {
    return new GuestFate(
        guest,
        resettable,
        resettable ? "" : "a test",
        false,
        new GuestFate.Backup("b", millis, 30_000));
  }

  private static List<String> guests(Decision decision) {
    return decision.targets().stream().map(target -> target.service().guest()).toList();
  }

  @Test
  void guestsRunOnTheirBackupsBeforeAnythingElseWhereThatCostsLess() {
    Scene scene = new Scene().with(Kind.KERNEL_OOPS, Severity.CRITICAL);
    scene.guests.clear();
    scene.guests.add(replicated("quick", true, 400));
    scene.guests.add(replicated("slow", true, 30_000));
    scene.guests.add(replicated("slow-and-lost", false, 60_000));
    scene.guests.add(GuestFate.alone("alone", true, "", false));

    Decision first = scene.act();
    assertThat(first.step()).isEqualTo(Step.SWITCH_OVER);
    assertThat(guests(first)).containsExactly("quick", "slow-and-lost");
    assertThat(first.reasons())
        .anyMatch(reason ->
            reason.contains("quick stands still for about 400 ms to run on b, and about 30 s"));

    scene.guests.removeIf(guest -> guests(first).contains(guest.guest()));
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.RESET);
  }

  @Test
  void guestThatWasAskedToGoIsGivenTimeAndAskedTwiceAtMost() {
    Scene scene = new Scene().with(Kind.KERNEL_OOPS, Severity.CRITICAL);
    scene.guests.clear();
    scene.guests.add(replicated("kv", true, 400));

    assertThat(scene.act().step()).isEqualTo(Step.SWITCH_OVER);
    assertThat(scene.pass(1000).act().step()).isEqualTo(Step.WAIT);
    assertThat(scene.pass(Limits.SWITCHOVER_SETTLE_MILLIS).act().step())
        .isEqualTo(Step.SWITCH_OVER);
    scene.pass(Limits.SWITCHOVER_SETTLE_MILLIS);
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.ADVISE);
    assertThat(scene.ask().reasons()).anyMatch(reason -> reason.contains("kv was to run on b"));
  }

  @Test
  void whileAnotherHostIsRepairedNobodyGoesAndNothingIsReset() {
    Scene scene = new Scene().with(Kind.KERNEL_OOPS, Severity.CRITICAL);
    scene.guests.add(replicated("db", true, 400));
    scene.otherRepair = "host c is being repaired since noon";
    assertThat(scene.climb()).containsExactly(Step.DIAGNOSE, Step.ADVISE);

    scene.otherRepair = "";
    assertThat(scene.act().step()).isEqualTo(Step.SWITCH_OVER);
  }

  @Test
  void underMaintenanceNoGuestIsSentAway() {
    Scene scene = new Scene().with(Kind.KERNEL_OOPS, Severity.CRITICAL);
    scene.guests.add(replicated("db", true, 400));
    scene.maintenance = true;
    assertThat(scene.climb()).containsOnly(Step.ADVISE);
  }

  @Test
  void healthyHostKeepsItsGuests() {
    Scene scene = new Scene();
    scene.guests.add(replicated("db", false, 1));
    assertThat(scene.act().step()).isEqualTo(Step.NONE);
  }
}
