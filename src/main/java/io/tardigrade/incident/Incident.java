package io.tardigrade.incident;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One failure and what was done about it: a file {@code incidents/ID.json}.
 *
 * @param id sortable by time, like {@code 20261122-181503-kv-1}; empty until it is saved
 * @param guest whom it befell
 * @param at when it was noticed
 * @param cause short and the same each time, like {@code hypervisor-killed}
 * @param summary one sentence
 * @param evidence kept before it was gone: exit status or signal, last QMP messages, stderr
 * @param timeline in order of time
 * @param phaseSeconds the blackout by phase, in order
 * @param blackoutSeconds from the last thing the guest did before to the first after
 * @param resumedEpoch the committed epoch that the guest went on from
 * @param outcome {@code recovered}, or what else became of it
 */
public record Incident(
    String id,
    String guest,
    Instant at,
    String cause,
    String summary,
    List<String> evidence,
    List<Step> timeline,
    Map<String, Double> phaseSeconds,
    double blackoutSeconds,
    long resumedEpoch,
    String outcome) {

  /**
   * One line of the timeline.
   *
   * @param kind {@code seen}, {@code decided}, {@code done} or {@code felt}
   */
  public record Step(Instant at, String kind, String text) {}

  public Incident {
    evidence = List.copyOf(evidence);
    timeline = List.copyOf(timeline);
    phaseSeconds = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(phaseSeconds));
  }

  /** The same with one more phase at the end. */
  public Incident withPhase(String name, double seconds) {
    LinkedHashMap<String, Double> phases = new LinkedHashMap<>(phaseSeconds);
    phases.put(name, seconds);
    return new Incident(
        id,
        guest,
        at,
        cause,
        summary,
        evidence,
        timeline,
        phases,
        blackoutSeconds,
        resumedEpoch,
        outcome);
  }

  /** The same with other phases. */
  public Incident withPhases(Map<String, Double> phases, double blackout) {
    return new Incident(
        id, guest, at, cause, summary, evidence, timeline, phases, blackout, resumedEpoch, outcome);
  }

  /** The same under an id. */
  public Incident withId(String given) {
    return new Incident(
        given,
        guest,
        at,
        cause,
        summary,
        evidence,
        timeline,
        phaseSeconds,
        blackoutSeconds,
        resumedEpoch,
        outcome);
  }
}
