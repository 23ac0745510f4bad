package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A host in figures, its history kept from decision to decision. */
final class Scene {
  static final long MINUTE = 60_000;
  static final long HOUR = 60 * MINUTE;

  long unixMillis = 1_767_225_600_000L;
  long uptimeMillis = 24 * HOUR;
  int boot = 1;
  boolean maintenance;
  String otherRepair = "";
  Preserved preserved = new Preserved(true, "");
  final Map<ServiceId, Health> services = new LinkedHashMap<>();
  final List<Signal> signals = new ArrayList<>();
  final List<GuestFate> guests = new ArrayList<>();
  History history = History.NONE;

  Scene() {
    services.put(ServiceId.AGENT, Health.HEALTHY);
    for (String guest : List.of("kv", "web")) {
      services.put(ServiceId.guardian(guest), Health.HEALTHY);
      services.put(ServiceId.hypervisor(guest), Health.HEALTHY);
      guests.add(GuestFate.alone(guest, true, "", false));
    }
  }

  Moment now() {
    return new Moment(unixMillis, uptimeMillis, "boot-" + boot);
  }

  Scene pass(long millis) {
    unixMillis += millis;
    uptimeMillis += millis;
    return this;
  }

  void reboot(long millis) {
    unixMillis += millis;
    uptimeMillis = millis / 2;
    boot++;
  }

  Scene with(ServiceId id, Health health) {
    services.put(id, health);
    return this;
  }

  Scene with(Kind kind, Severity severity) {
    signals.add(new Signal(kind, severity, "", null, kind.meaning()));
    return this;
  }

  Observation observation() {
    return new Observation(
        now(),
        maintenance,
        preserved,
        services.entrySet().stream()
            .map(e -> new ServiceHealth(e.getKey(), e.getValue(), e.getValue().name()))
            .toList(),
        signals,
        guests,
        otherRepair);
  }

  Decision ask() {
    return Ladder.decide(observation(), history);
  }

  /** Asks, and notes that it is done; a diagnosis succeeds. */
  Decision act() {
    Decision decision = ask();
    history = history.after(decision, now());
    if (decision.step() == Step.DIAGNOSE) {
      history = history.diagnosisKept();
    }
    return decision;
  }

  /** Acts until nothing more comes; returns the steps. */
  List<Step> climb() {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Step step = act().step();
      if (step == Step.NONE || step == Step.WAIT) {
        return steps;
      }
      steps.add(step);
      pass(1000);
    }
    return steps;
  }
}
