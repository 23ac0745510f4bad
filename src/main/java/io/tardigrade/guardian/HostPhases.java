package io.tardigrade.guardian;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a guest's time went while its host was being replaced or had been lost, from the last
 * instruction that counts to the guardian's first. Pure. All instants are told by the clock as it
 * is now (see {@link io.tardigrade.preserve.ClockMark}); where the host was lost without notice
 * nobody knows how far the next kernel set it, and the phase in which it boots may be wrong by a
 * second.
 *
 * @param stoodAt when the guest did the last thing that was committed
 * @param frozenAt when all guests stood still; null where they were not frozen
 * @param sealedAt when the manifest was sealed, just before the jump; null where there is none
 * @param agentAt when the agent was started
 * @param guardianAt when the guardian was started
 */
record HostPhases(
    Instant stoodAt,
    @Nullable Instant frozenAt,
    @Nullable Instant sealedAt,
    Instant agentAt,
    Instant guardianAt) {

  /** Seconds by phase, in order. */
  Map<String, Double> seconds() {
    Map<String, Double> phases = new LinkedHashMap<>();
    Instant from = stoodAt;
    if (frozenAt != null && sealedAt != null) {
      phases.put("freeze", seconds(stoodAt, frozenAt));
      phases.put("seal", seconds(frozenAt, sealedAt));
      from = sealedAt;
    }
    phases.put(sealedAt == null ? "loss to agent" : "kexec to agent", seconds(from, agentAt));
    phases.put("agent to guardian", seconds(agentAt, guardianAt));
    return phases;
  }

  private static double seconds(Instant from, Instant to) {
    return Math.max(0, Duration.between(from, to).toNanos() / 1e9);
  }
}
