package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.History.Diagnosis;
import io.tardigrade.recovery.History.Recycle;
import java.util.ArrayList;
import java.util.List;

/** What may be done about one cause, as things stand. Each method ends in a decision of its own. */
final class Judge {
  private final Observation seen;
  private final History history;
  private final ResetGate gate;
  private final Elsewhere elsewhere;

  Judge(Observation seen, History history) {
    this.seen = seen;
    this.history = history;
    elsewhere = new Elsewhere(seen, history);
    gate = ResetGate.examine(seen, history, elsewhere);
  }

  private Moment now() {
    return seen.now();
  }

  boolean isResetUnderWay() {
    return gate.underWay();
  }

  /** Whether {@code service} has used up its recycles for now, those that helped left out. */
  boolean isExhausted(ServiceId service) {
    return recent(service).size() >= Limits.RECYCLES_MAX;
  }

  private List<Recycle> recent(ServiceId service) {
    return history.recyclesOf(service, Limits.RECYCLE_WINDOW_MILLIS, now()).stream()
        .filter(recycle -> recycle.at().isOfThisBoot(now()) && !recycle.helped())
        .toList();
  }

  /** Recycles {@code service}, unless it has to wait; it must not be exhausted. */
  Decision recycle(ServiceId service, String cause, List<String> why) {
    List<Recycle> recent = recent(service);
    List<String> reasons = new ArrayList<>(why);
    String what = "recycle the " + service.text();
    if (!recent.isEmpty()) {
      long pause = Limits.RECYCLE_PAUSES_MILLIS.get(recent.size());
      if (recent.getLast().at().isWithin(pause, now())) {
        reasons.add(
            "it was recycled less than "
                + Words.span(pause)
                + " ago, "
                + Words.times(recent.size())
                + " within "
                + Words.span(Limits.RECYCLE_WINDOW_MILLIS)
                + ", and is given that time");
        return Decision.of(Step.WAIT, cause, "give the " + service.text() + " time", reasons);
      }
    }
    if (seen.maintenance()) {
      return underMaintenance(cause, what, reasons);
    }
    reasons.add(
        recent.isEmpty()
            ? "recycling comes first: no other guest notices it"
            : "it was recycled "
                + Words.times(recent.size())
                + " within "
                + Words.span(Limits.RECYCLE_WINDOW_MILLIS)
                + ", of at most "
                + Limits.RECYCLES_MAX);
    return new Decision(Step.RECYCLE, cause, List.of(new Target(service, cause)), what, reasons);
  }

  /** Tells the operator, at most once in a while. */
  Decision advise(String cause, String summary, List<String> reasons) {
    if (!history.isAdvised(cause, summary, now())) {
      return Decision.of(Step.ADVISE, cause, summary, reasons);
    }
    List<String> more = new ArrayList<>(reasons);
    more.add(
        "this was advised within the last "
            + Words.span(Limits.ADVICE_INTERVAL_MILLIS)
            + " already");
    return Decision.of(Step.WAIT, cause, "told the operator to " + summary, more);
  }

  private Decision underMaintenance(String cause, String what, List<String> why) {
    List<String> reasons = new ArrayList<>(why);
    reasons.add("maintenance is on, so nothing is done");
    return advise(cause, what + ", or end maintenance", reasons);
  }

  /** Collects evidence once in a while, then advises. */
  Decision diagnoseThenAdvise(String cause, String advice, List<String> why) {
    if (history.diagnosesOf(cause, Limits.DIAGNOSIS_INTERVAL_MILLIS, now()).isEmpty()) {
      List<String> reasons = new ArrayList<>(why);
      reasons.add("evidence is kept before anybody changes something");
      return diagnose(cause, reasons);
    }
    return advise(cause, advice, why);
  }

  private Decision diagnose(String cause, List<String> reasons) {
    return seen.maintenance()
        ? underMaintenance(cause, "diagnose: " + cause, reasons)
        : Decision.of(Step.DIAGNOSE, cause, "diagnose: " + cause, reasons);
  }

  /**
   * The last rungs: guests run elsewhere where that costs them less, then diagnose, then reset
   * where that is allowed. They go even where it is not: this host is sick.
   */
  Decision reset(String cause, List<String> why) {
    List<String> reasons = new ArrayList<>(why);
    if (seen.maintenance()) {
      reasons.addAll(gate.forbids());
      return underMaintenance(cause, "diagnose and reset this host", reasons);
    }
    Decision first = elsewhere.before(cause, why);
    if (first != null) {
      return first;
    }
    List<Diagnosis> fresh = history.diagnosesOf(cause, Limits.DIAGNOSIS_VALID_MILLIS, now());
    boolean kept = fresh.stream().anyMatch(Diagnosis::kept);
    boolean inVain = fresh.size() >= Limits.DIAGNOSES_MAX;
    if (!gate.isOpen()) {
      if (history.diagnosesOf(cause, Limits.DIAGNOSIS_INTERVAL_MILLIS, now()).isEmpty()) {
        reasons.add("no reset is allowed now, but somebody may reset this host by hand");
        return diagnose(cause, reasons);
      }
      gate.forbids().forEach(forbid -> reasons.add("no reset: " + forbid));
      return advise(cause, "reset this host by hand when you can", reasons);
    }
    if (!kept && !inVain) {
      reasons.add("a reset is next, and it destroys the evidence");
      if (!fresh.isEmpty()) {
        reasons.add("an earlier diagnosis was not completed");
      }
      return diagnose(cause, reasons);
    }
    reasons.add(
        kept
            ? "the evidence is kept"
            : "the evidence could not be kept in "
                + Words.count(fresh.size(), "attempt")
                + ", and the host cannot wait");
    reasons.addAll(gate.allows());
    return Decision.of(Step.RESET, cause, "reset the operating system under its guests", reasons);
  }
}
