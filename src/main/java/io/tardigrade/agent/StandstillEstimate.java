package io.tardigrade.agent;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Limits;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * For how long a guest would stand still, to run on its backup and for a reset of its host: what it
 * took last, or what is assumed where that was never measured. Pure.
 */
final class StandstillEstimate {
  private StandstillEstimate() {}

  static GuestFate.Backup of(String host, GuestStatus status) {
    return new GuestFate.Backup(host, switchoverMillis(status), resetMillis(status));
  }

  private static long switchoverMillis(GuestStatus status) {
    GuestStatus.Replica replica = status.replica();
    Map<String, Double> phases = replica == null ? Map.of() : replica.takeoverSeconds();
    // Nobody is waited for in vain in a switchover.
    double seconds =
        phases.entrySet().stream()
            .filter(phase -> !phase.getKey().equals("silence"))
            .mapToDouble(Map.Entry::getValue)
            .sum();
    return seconds > 0 ? Math.round(seconds * 1000) : Limits.SWITCHOVER_ASSUMED_MILLIS;
  }

  private static long resetMillis(GuestStatus status) {
    GuestStatus.Recoveries before = status.recoveries();
    @Nullable String cause = before.lastCause();
    @Nullable Double seconds = before.lastBlackoutSeconds();
    return cause != null && cause.equals("host-reset") && seconds != null && seconds > 0
        ? Math.round(seconds * 1000)
        : Limits.RESET_ASSUMED_MILLIS;
  }
}
