package io.tardigrade.story;

import io.tardigrade.monitor.Findings;
import io.tardigrade.monitor.HostMonitor;
import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.recovery.Decision;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Ladder;
import io.tardigrade.recovery.Observation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Plays a story: time in steps of a second, the simulated host sampled by the production monitors,
 * the production ladder asked, its decision done to the host. The same story makes the same log.
 */
public final class StoryRunner {
  private static final long TICK_MILLIS = 1_000;
  private static final long RESET_MILLIS = 12_000;
  private static final long RESET_FAILED_MILLIS = 90_000;

  private final SimulatedHost host = new SimulatedHost();
  private final List<StoryLine> log = new ArrayList<>();
  private final Map<String, Signal> signals = new LinkedHashMap<>();
  private final Map<ServiceId, Health> services = new LinkedHashMap<>();
  private HostMonitor monitor = new HostMonitor();
  private History history = History.NONE;
  private String lastDecision = "";
  private List<String> lastReasons = List.of();

  private StoryRunner() {}

  /** The log of {@code story}. */
  public static List<StoryLine> run(Story story) {
    StoryRunner runner = new StoryRunner();
    runner.play(story);
    return List.copyOf(runner.log);
  }

  private void play(Story story) {
    List<Story.Timed> steps = story.steps();
    int next = 0;
    while (true) {
      while (next < steps.size() && steps.get(next).atMillis() <= host.storyMillis()) {
        Step step = steps.get(next++).step();
        if (step instanceof Step.End) {
          note("story", "ends");
          return;
        }
        befall(step);
      }
      look();
      host.pass(TICK_MILLIS);
    }
  }

  private void befall(Step step) {
    host.befall(step);
    if (step instanceof Step.Acknowledge) {
      history = history.acknowledgedAt(host.now());
      note("story", "the operator acknowledges failed resets");
    } else if (step instanceof Step.Maintenance maintenance) {
      note("story", "maintenance is " + (maintenance.on() ? "on" : "off"));
    }
  }

  private void look() {
    Findings findings = monitor.sample(host.sample());
    tellServices(findings.services());
    tellSignals(findings.signals());
    Observation seen =
        new Observation(
            host.now(),
            host.isUnderMaintenance(),
            host.preserved(),
            findings.services(),
            findings.signals(),
            host.guests(),
            host.otherRepair());
    Decision decision = Ladder.decide(seen, history);
    // Told when it changes, and whenever something is done.
    String headline = decision.cause() + " " + headline(decision);
    if (!headline.equals(lastDecision) || isDeed(decision)) {
      if (decision.step() != Decision.Step.NONE || !lastDecision.isEmpty()) {
        log.add(
            new StoryLine(
                host.storyMillis(),
                "decided",
                headline(decision),
                isDeed(decision) ? decision.reasons() : news(decision)));
      }
      lastDecision = headline;
      lastReasons = decision.reasons();
    }
    history = history.after(decision, host.now());
    act(decision);
  }

  private static String headline(Decision decision) {
    return switch (decision.step()) {
      case NONE -> "nothing: " + decision.summary();
      case WAIT -> "wait: " + decision.summary();
      case ADVISE -> "advise: " + decision.summary();
      case RECYCLE, SWITCH_OVER, DIAGNOSE, RESET -> decision.summary();
    };
  }

  /** Waiting needs no reasons that have just been told. */
  private List<String> news(Decision decision) {
    return decision.reasons().stream().filter(r -> !lastReasons.contains(r)).toList();
  }

  private static boolean isDeed(Decision decision) {
    return switch (decision.step()) {
      case NONE, WAIT -> false;
      case ADVISE, RECYCLE, SWITCH_OVER, DIAGNOSE, RESET -> true;
    };
  }

  private void tellServices(List<ServiceHealth> now) {
    for (ServiceHealth service : now) {
      Health before = services.getOrDefault(service.id(), Health.HEALTHY);
      if (service.health() != before) {
        note(
            service.health() == Health.HEALTHY ? "gone" : "seen",
            "the " + service.id().text() + " " + service.detail());
      }
      services.put(service.id(), service.health());
    }
  }

  private void tellSignals(List<Signal> now) {
    Map<String, Signal> current = new LinkedHashMap<>();
    now.forEach(signal -> current.putIfAbsent(signal.key(), signal));
    current.forEach((key, signal) -> {
      Signal before = signals.get(key);
      if (before == null || before.severity() != signal.severity()) {
        note("seen", signal.severity().name().toLowerCase(Locale.ROOT) + ": " + signal.sentence());
      }
    });
    signals.forEach((key, signal) -> {
      if (!current.containsKey(key)) {
        note("gone", signal.kind().meaning() + atSubject(signal));
      }
    });
    signals.clear();
    signals.putAll(current);
  }

  private static String atSubject(Signal signal) {
    return signal.subject().isEmpty() ? "" : " (" + signal.subject() + ")";
  }

  private void act(Decision decision) {
    switch (decision.step()) {
      case NONE, WAIT, ADVISE -> {}
      case RECYCLE -> decision.targets().forEach(this::recycle);
      case SWITCH_OVER -> decision.targets().forEach(this::switchOver);
      case DIAGNOSE -> {
        if (host.diagnosesSucceed()) {
          history = history.diagnosisKept();
          note("done", "evidence is kept in an archive");
        } else {
          note("done", "the evidence could not be kept");
        }
      }
      case RESET -> reset();
    }
  }

  private void recycle(Target target) {
    ServiceId id = target.service();
    if (!host.recycle(id)) {
      note("done", "the " + id.text() + " could not be ended");
      return;
    }
    note("done", "the " + id.text() + " is recycled");
    if (id.equals(ServiceId.AGENT)) {
      // A new agent knows the history, which is on disk, and has seen nothing yet.
      monitor = new HostMonitor();
      note("felt", "nothing: no guest depends on the agent");
    } else {
      note("felt", id.guest() + " goes on from its last checkpoint");
    }
  }

  private void switchOver(Target target) {
    String guest = target.service().guest();
    if (host.switchOver(guest)) {
      note("done", guest + " runs on another host");
    } else {
      note("done", guest + " still runs here");
    }
  }

  private void reset() {
    if (!host.resetsSucceed()) {
      host.pass(RESET_FAILED_MILLIS);
      history = history.resetEnded(false, host.now());
      note("done", "the reset failed: the next kernel did not start, and the old one runs on");
      host.guests().forEach(guest -> note("felt", guest.guest() + " stood still, and goes on"));
      return;
    }
    host.reset(RESET_MILLIS);
    monitor = new HostMonitor();
    history = history.resetEnded(true, host.now());
    note("done", "a new operating system runs");
    for (GuestFate guest : host.guests()) {
      GuestFate.Backup backup = guest.backup();
      if (backup != null && host.switchOver(guest.guest())) {
        note("felt", guest.guest() + " runs on " + backup.host() + " since before that");
        continue;
      }
      note(
          "felt",
          guest.guest()
              + (guest.resettable()
                  ? " is resumed from memory after " + RESET_MILLIS / 1000 + " s"
                  : " is started from its disk, and its memory is lost"));
    }
  }

  private void note(String kind, String text) {
    log.add(StoryLine.of(host.storyMillis(), kind, text));
  }
}
