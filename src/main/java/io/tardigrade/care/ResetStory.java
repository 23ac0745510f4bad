package io.tardigrade.care;

import io.tardigrade.incident.Incident;
import io.tardigrade.monitor.Words;
import java.util.List;
import java.util.Map;

/** The beginning of the incident of a reset that an operator asked for. Pure. */
final class ResetStory {
  /** Its cause. */
  static final String CAUSE = "operator-reset";

  private ResetStory() {}

  static Incident of(ResetPort.Sealed sealed) {
    return new Incident(
        "",
        HostStory.HOST,
        sealed.at(),
        CAUSE,
        "the host's operating system was replaced: " + sealed.reason(),
        List.of(),
        List.of(
            new Incident.Step(
                sealed.at(),
                "decided",
                "an operator: reset the operating system under its guests, because "
                    + sealed.reason()),
            new Incident.Step(
                sealed.at(),
                "done",
                sealed.guests().isEmpty()
                    ? "no guest was to be frozen; the next kernel was booted"
                    : Words.count(sealed.guests().size(), "guest")
                        + " stood still ("
                        + String.join(", ", sealed.guests())
                        + "), and the next kernel was booted")),
        Map.of(),
        0,
        0,
        HostStory.UNDER_WAY);
  }
}
