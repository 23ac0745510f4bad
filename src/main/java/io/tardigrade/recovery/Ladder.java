package io.tardigrade.recovery;

import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Decides what is done about a host, from what is seen of it and what was done before.
 *
 * <p>What holds of every decision:
 *
 * <ol>
 *   <li>A host with nothing wrong is left alone, however busy it is.
 *   <li>Services are recycled before anything else, within {@link Limits#RECYCLES_MAX}.
 *   <li>Guests that would stand still for longer in a reset than on their way to a backup, or would
 *       not be resumed, run on their backups before.
 *   <li>No guest runs elsewhere and there is no reset while another host of the cluster is
 *       repaired.
 *   <li>A reset comes only after a diagnosis of the same cause in the same boot.
 *   <li>There is no reset unless preserved memory is armed and every guest is resettable, or its
 *       owner agreed to lose it.
 *   <li>There is no second reset within {@link Limits#RESET_INTERVAL_MILLIS}, no more than {@link
 *       Limits#RESETS_PER_DAY_MAX} a day, and none after one that failed until an operator has
 *       acknowledged that.
 *   <li>Under maintenance there is only advice.
 *   <li>Every decision has its reasons.
 * </ol>
 *
 * <p>Recoveries within a guardian are no concern of the ladder: they take milliseconds and wait for
 * nobody, under maintenance too.
 */
public final class Ladder {
  /** Which of several candidates is next: what a guest waits for comes first. */
  private static final List<Step> URGENCY =
      List.of(
          Step.RECYCLE,
          Step.SWITCH_OVER,
          Step.DIAGNOSE,
          Step.RESET,
          Step.ADVISE,
          Step.WAIT,
          Step.NONE);

  private Ladder() {}

  /** Decides. Asked anew after every sample; one decision at a time is done. */
  public static Decision decide(Observation seen, History history) {
    Judge judge = new Judge(seen, history);
    if (judge.isResetUnderWay()) {
      return Decision.of(
          Step.WAIT,
          "reset",
          "wait for the reset that has begun",
          List.of(
              "a reset has begun less than "
                  + Words.span(Limits.RESET_DURATION_MAX_MILLIS)
                  + " ago, and its end has not been reported"));
    }
    SignalRules signals = new SignalRules(seen, history, judge);
    List<Decision> candidates = new ArrayList<>(new ServiceRules(seen, judge).candidates());
    candidates.addAll(signals.candidates());
    if (candidates.isEmpty()) {
      return healthy(seen, signals.leftAlone());
    }
    candidates.sort(Comparator.comparingInt(c -> URGENCY.indexOf(c.step())));
    Decision first = candidates.getFirst();
    return withOthers(first.step() == Step.RECYCLE ? merged(candidates) : first, candidates);
  }

  private static Decision healthy(Observation seen, List<String> leftAlone) {
    List<String> reasons = new ArrayList<>();
    reasons.add(
        seen.services().isEmpty()
            ? "no service runs, and none should"
            : "all services answer, " + seen.services().size() + " of them");
    leftAlone.forEach(sentence -> reasons.add("left alone: " + sentence));
    return Decision.of(
        Step.NONE, "", leftAlone.isEmpty() ? "all is well" : "nothing needs to be done", reasons);
  }

  /** Recycles do not disturb each other, and none should wait for another. */
  private static Decision merged(List<Decision> candidates) {
    List<Decision> recycles = candidates.stream().filter(c -> c.step() == Step.RECYCLE).toList();
    if (recycles.size() == 1) {
      return recycles.getFirst();
    }
    List<Target> targets = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    for (Decision recycle : recycles) {
      for (Target target : recycle.targets()) {
        if (targets.stream().noneMatch(t -> t.service().equals(target.service()))) {
          targets.add(target);
          names.add("the " + target.service().text());
        }
      }
      recycle.reasons().stream().filter(r -> !reasons.contains(r)).forEach(reasons::add);
    }
    return new Decision(
        Step.RECYCLE,
        recycles.getFirst().cause(),
        targets,
        "recycle " + String.join(", ", names),
        reasons);
  }

  /** A person should see in one decision all that is going on. */
  private static Decision withOthers(Decision chosen, List<Decision> candidates) {
    List<String> reasons = new ArrayList<>(chosen.reasons());
    for (Decision other : candidates) {
      boolean included = other.step() == Step.RECYCLE && chosen.step() == Step.RECYCLE;
      if (!included && !other.cause().equals(chosen.cause())) {
        reasons.add("besides, " + other.cause() + ": " + other.summary());
      }
    }
    return new Decision(chosen.step(), chosen.cause(), chosen.targets(), chosen.summary(), reasons);
  }
}
