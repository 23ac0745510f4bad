package io.tardigrade.recoverymanager;

import io.tardigrade.incident.Incident;
import io.tardigrade.monitor.Findings;
import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceId.Role;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts together what is told of a trouble of the host: what was seen, what was decided and why,
 * what was done, what the guests felt. A trouble begins with the first thing that is done or
 * advised, tells what was seen just before, and is over once all has been well for {@link
 * #QUIET_MILLIS}. Pure; not thread-safe.
 */
final class HostStory {
  /** In an incident, whom it befell where it is no guest. */
  static final String HOST = "host";

  /** Cause of waiting for evidence: of that the timeline tells anyway. */
  static final String COLLECTING = "diagnosis";

  /** The outcome of an incident that is still told. */
  static final String UNDER_WAY = "under way";

  /** How the evidence begins that names the archive. */
  static final String ARCHIVE = "diagnosis archive: ";

  static final int STEPS_MAX = 200;
  static final int BEFORE_MAX = 12;
  static final int EVIDENCE_MAX = 20;

  /** A trouble that comes back within this is the same one. */
  static final long QUIET_MILLIS = 300_000;

  private final Map<String, Signal> signals = new LinkedHashMap<>();
  private final Map<ServiceId, Health> services = new LinkedHashMap<>();
  private final Deque<Incident.Step> before = new ArrayDeque<>();
  private List<Incident.Step> steps = new ArrayList<>();
  private List<String> evidence = new ArrayList<>();
  private @Nullable Incident open;
  private @Nullable Incident closed;
  private @Nullable Instant wellSince;
  private String lastDecision = "";
  private boolean hasEvidence;
  private int untold;

  /** So many steps were told before this boot. */
  private int toldBefore;

  private boolean changed;

  /** Takes note of what is seen and decided; to be called with every look. */
  void look(Instant now, Findings findings, Decision decision) {
    tellServices(now, findings.services());
    tellSignals(now, findings.signals());
    String headline = decision.step() + " " + decision.cause() + " " + decision.summary();
    boolean deed = isDeed(decision);
    if (deed && opens(decision)) {
      if (decision.step() == Decision.Step.DIAGNOSE && hasEvidence) {
        // One archive an incident.
        close(now, "the trouble goes on in the next incident");
      }
      begin(now, decision);
    }
    if (deed || !headline.equals(lastDecision)) {
      boolean tells = decision.step() != Decision.Step.NONE && !decision.cause().equals(COLLECTING);
      if (open != null && tells) {
        step(now, "decided", sentence(decision));
      }
    }
    lastDecision = headline;
    closeWhenWell(now, decision);
  }

  /** Tells of what an operator has done, or of a loss: that is a story of its own. */
  void begin(Incident told) {
    close(told.at(), "the trouble ends here: the next incident tells of a reset by an operator");
    goOn(told);
  }

  /** Tells on what the agent before has begun to tell. */
  void goOn(Incident told) {
    open = told;
    steps = new ArrayList<>(told.timeline());
    evidence = new ArrayList<>(told.evidence());
    hasEvidence = evidence.stream().anyMatch(line -> line.startsWith(ARCHIVE));
    untold = 0;
    toldBefore = steps.size();
    changed = true;
  }

  /** Tells where the time of the reset went that ended the boot before; once that is known. */
  void addPhases(ResetPhases phases) {
    Incident current = open;
    if (current != null) {
      open = current.withPhases(phases.seconds(), phases.blackoutSeconds());
      phases.evidence().forEach(this::addEvidence);
      List<Incident.Step> way = phases.steps();
      int room = Math.min(way.size(), Math.max(0, STEPS_MAX - steps.size()));
      // All that was done since belongs after it.
      steps.addAll(toldBefore, way.subList(0, room));
      untold += way.size() - room;
      changed = true;
    }
  }

  /** What a recycle of a guardian is told in is its guest's own incident. */
  private static boolean opens(Decision decision) {
    return decision.step() != Decision.Step.RECYCLE
        || decision.targets().stream().anyMatch(t -> t.service().role() != Role.GUARDIAN);
  }

  /** Whether something is to be done, or somebody told. */
  static boolean isDeed(Decision decision) {
    return switch (decision.step()) {
      case NONE, WAIT -> false;
      case ADVISE, RECYCLE, SWITCH_OVER, DIAGNOSE, RESET -> true;
    };
  }

  /** A decision and all its reasons in one sentence. */
  static String sentence(Decision decision) {
    String what =
        switch (decision.step()) {
          case NONE -> "nothing: " + decision.summary();
          case WAIT -> "wait: " + decision.summary();
          case ADVISE -> "advise: " + decision.summary();
          case RECYCLE, SWITCH_OVER, DIAGNOSE, RESET -> decision.summary();
        };
    return what + ", because " + String.join("; ", decision.reasons());
  }

  private void begin(Instant now, Decision decision) {
    if (open == null) {
      steps = new ArrayList<>(before);
      before.clear();
      evidence = new ArrayList<>();
      hasEvidence = false;
      untold = 0;
      open =
          new Incident(
              "",
              HOST,
              now,
              decision.cause(),
              decision.summary(),
              List.of(),
              List.of(),
              Map.of(),
              0,
              0,
              UNDER_WAY);
    }
  }

  private void closeWhenWell(Instant now, Decision decision) {
    if (decision.step() != Decision.Step.NONE) {
      wellSince = null;
      return;
    }
    Instant since = wellSince == null ? now : wellSince;
    wellSince = since;
    if (Duration.between(since, now).toMillis() >= QUIET_MILLIS) {
      close(now, sentence(decision));
    }
  }

  private void close(Instant now, String why) {
    Incident current = open;
    if (current != null) {
      step(now, "decided", why);
      open = null;
      closed = withSteps(current, "over");
    }
  }

  /** An incident that has changed since last asked: first one that has been closed. */
  @Nullable Incident takeChanged() {
    Incident last = closed;
    Incident current = open;
    if (last != null) {
      closed = null;
      return last;
    }
    if (!changed || current == null) {
      return null;
    }
    changed = false;
    return withSteps(current, current.outcome());
  }

  private Incident withSteps(Incident of, String outcome) {
    List<Incident.Step> told = new ArrayList<>(steps);
    if (untold > 0) {
      told.add(
          new Incident.Step(
              told.getLast().at(), "seen", "and " + untold + " more lines that are not kept"));
    }
    return new Incident(
        of.id(),
        of.guest(),
        of.at(),
        of.cause(),
        of.summary(),
        evidence,
        told,
        of.phaseSeconds(),
        of.blackoutSeconds(),
        of.resumedEpoch(),
        outcome);
  }

  /** Whether there is a trouble. */
  boolean isOpen() {
    return open != null;
  }

  /** Something was done, or a guest felt it; left out where there is no trouble. */
  void tell(Instant now, String kind, String text) {
    if (open != null) {
      step(now, kind, text);
    }
  }

  /** The archive of the incident. */
  void addArchive(String line) {
    hasEvidence = open != null;
    addEvidence(line);
  }

  /** Something to be kept with the incident. */
  void addEvidence(String line) {
    if (open != null && evidence.size() < EVIDENCE_MAX) {
      evidence.add(line);
      changed = true;
    }
  }

  private void step(Instant now, String kind, String text) {
    changed = true;
    if (steps.size() < STEPS_MAX) {
      steps.add(new Incident.Step(now, kind, text));
    } else {
      untold++;
    }
  }

  private void seen(Instant now, String text) {
    if (open != null) {
      step(now, "seen", text);
      return;
    }
    before.addLast(new Incident.Step(now, "seen", text));
    if (before.size() > BEFORE_MAX) {
      before.removeFirst();
    }
  }

  private void tellServices(Instant now, List<ServiceHealth> current) {
    for (ServiceHealth service : current) {
      Health last = services.getOrDefault(service.id(), Health.HEALTHY);
      if (service.health() != last) {
        seen(now, "the " + service.id().text() + " " + service.detail());
      }
    }
    services.clear();
    current.forEach(service -> services.put(service.id(), service.health()));
  }

  private void tellSignals(Instant now, List<Signal> current) {
    Map<String, Signal> present = new LinkedHashMap<>();
    current.forEach(signal -> present.putIfAbsent(signal.key(), signal));
    present.forEach((key, signal) -> {
      Signal last = signals.get(key);
      if (last == null || last.severity() != signal.severity()) {
        if (signal.severity() != Severity.NOTICE || open != null) {
          seen(now, signal.severity().name().toLowerCase(Locale.ROOT) + ": " + signal.sentence());
        }
      }
    });
    signals.forEach((key, signal) -> {
      if (!present.containsKey(key) && open != null) {
        seen(now, "no longer: " + signal.kind().meaning() + about(signal));
      }
    });
    signals.clear();
    signals.putAll(present);
  }

  private static String about(Signal signal) {
    return signal.subject().isEmpty() ? "" : " (" + signal.subject() + ")";
  }
}
