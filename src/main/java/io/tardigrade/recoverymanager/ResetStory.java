package io.tardigrade.recoverymanager;

import io.tardigrade.incident.Incident;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** How the incident of a reset begins that no trouble of the host led to. Pure. */
final class ResetStory {
  /** Cause of one that an operator asked for. */
  static final String OPERATOR = "operator-reset";

  /** Cause of one that nobody asked for: a panic, a watchdog, the power. */
  static final String LOST = "host-lost";

  static final String LOST_SENTENCE = "the host went down without notice and came up again";

  private ResetStory() {}

  static Incident of(ResetPort.Sealed sealed) {
    return incident(
        sealed.begunAt(),
        OPERATOR,
        "the host's operating system was replaced: " + sealed.reason(),
        List.of(
            new Incident.Step(
                sealed.begunAt(),
                "decided",
                "an operator: reset the operating system under its guests, because "
                    + sealed.reason())));
  }

  /** One that is noticed now. */
  static Incident lost(Instant now) {
    return incident(now, LOST, LOST_SENTENCE, List.of());
  }

  private static Incident incident(
      Instant at, String cause, String summary, List<Incident.Step> timeline) {
    return new Incident(
        "",
        HostStory.HOST,
        at,
        cause,
        summary,
        List.of(),
        timeline,
        Map.of(),
        0,
        0,
        HostStory.UNDER_WAY);
  }
}
