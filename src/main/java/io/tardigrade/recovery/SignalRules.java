package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.monitor.Words;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.History.Recycle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What follows from the signals of the monitors. */
final class SignalRules {
  /** Sentences of one cause in a decision; the others are counted. */
  private static final int SENTENCES_MAX = 5;

  private final Observation seen;
  private final History history;
  private final Judge judge;
  private final List<String> leftAlone = new ArrayList<>();

  SignalRules(Observation seen, History history, Judge judge) {
    this.seen = seen;
    this.history = history;
    this.judge = judge;
  }

  /** Signals that call for the same are one cause, with a sentence each. */
  List<Decision> candidates() {
    Map<String, List<Signal>> causes = new LinkedHashMap<>();
    for (Signal signal : seen.signals()) {
      Remedy remedy = Remedy.of(signal);
      if (remedy == Remedy.LEAVE) {
        leftAlone.add(signal.sentence());
      } else {
        String target = remedy == Remedy.RECYCLE ? " " + signal.subject() : "";
        causes
            .computeIfAbsent(
                signal.kind().code() + target + "/" + remedy.name(), c -> new ArrayList<>())
            .add(signal);
      }
    }
    List<Decision> candidates = new ArrayList<>();
    causes.values().forEach(same -> candidates.add(judge(same)));
    return candidates;
  }

  /** Of those that call for nothing. Complete once {@link #candidates} was called. */
  List<String> leftAlone() {
    return leftAlone;
  }

  private Decision judge(List<Signal> same) {
    Signal first = same.getFirst();
    List<String> why = new ArrayList<>();
    same.stream().limit(SENTENCES_MAX).forEach(signal -> why.add(signal.sentence()));
    if (same.size() > SENTENCES_MAX) {
      why.add("and " + (same.size() - SENTENCES_MAX) + " more of the kind");
    }
    String cause = first.kind().code();
    String advice = advice(first);
    return switch (Remedy.of(first)) {
      case LEAVE -> throw new IllegalStateException("a signal that is left alone has no cause");
      case ADVISE -> judge.advise(cause, advice, why);
      case DIAGNOSE -> judge.diagnoseThenAdvise(cause, advice, why);
      case RECYCLE -> recycle(first, cause, why);
      case RECYCLE_AGENT -> recycleAgent(cause, why, false);
      case RECYCLE_AGENT_THEN_RESET -> recycleAgent(cause, why, true);
      case RESET -> {
        why.add("no service is at fault, so there is nothing to recycle");
        yield judge.reset(cause, why);
      }
    };
  }

  /** What gets worse is advised once more. */
  private static String advice(Signal signal) {
    return Remedy.advice(signal.kind())
        + (signal.severity() == Severity.CRITICAL ? "; this is urgent" : "");
  }

  private Decision recycle(Signal signal, String cause, List<String> why) {
    @Nullable ServiceId service = signal.service();
    if (service == null) {
      return judge.advise(cause, advice(signal), why);
    }
    int today = history.recyclesFor(service, cause, Limits.DAY_MILLIS, seen.now()).size();
    if (judge.isExhausted(service) || today >= Limits.LEAK_RECYCLES_PER_DAY_MAX) {
      why.add(
          "the "
              + service.text()
              + " was recycled "
              + Words.times(today)
              + " within a day for this, and it came back");
      return judge.advise(cause, advice(signal), why);
    }
    return judge.recycle(service, cause, why);
  }

  private Decision recycleAgent(String cause, List<String> why, boolean thenReset) {
    List<Recycle> tried =
        history.recyclesFor(ServiceId.AGENT, cause, Limits.RECYCLE_MEMORY_MILLIS, seen.now());
    if (seen.maintenance() && thenReset) {
      why.add("recycling the agent is worth a try first");
      return judge.reset(cause, why);
    }
    if (tried.isEmpty() && !judge.isExhausted(ServiceId.AGENT)) {
      why.add("the agent may hold it, and no guest depends on the agent");
      return judge.recycle(ServiceId.AGENT, cause, why);
    }
    if (!tried.isEmpty()
        && tried.getLast().at().isWithin(Limits.RECYCLE_SETTLE_MILLIS, seen.now())) {
      why.add(
          "the agent was recycled less than "
              + Words.span(Limits.RECYCLE_SETTLE_MILLIS)
              + " ago, and whether that helped does not show yet");
      return Decision.of(Step.WAIT, cause, "see whether recycling helped", why);
    }
    why.add("recycling the agent did not help");
    if (thenReset) {
      return judge.reset(cause, why);
    }
    why.add("there is time left to act in an orderly way");
    return judge.advise(cause, Remedy.advice(Signal.Kind.KERNEL_MEMORY_GROWTH), why);
  }
}
