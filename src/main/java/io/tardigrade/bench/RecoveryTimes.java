package io.tardigrade.bench;

import io.tardigrade.incident.Incident;
import java.time.Duration;
import java.time.Instant;

/** What an incident tells about times, compared with the moment of a kill on the same clock. */
final class RecoveryTimes {
  private RecoveryTimes() {}

  /** When the guest ran again. */
  static Instant running(Incident incident) {
    return incident.at().plusNanos(Math.round(incident.blackoutSeconds() * 1e9));
  }

  /** From the kill to the guest running again, with the time in which nobody had noticed yet. */
  static double secondsUntilRunning(Instant killed, Incident incident) {
    return Duration.between(killed, running(incident)).toNanos() / 1e9;
  }
}
