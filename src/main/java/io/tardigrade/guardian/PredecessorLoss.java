package io.tardigrade.guardian;

import io.tardigrade.preserve.BootTimes;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Manifest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of the guardian that served the guest before this one.
 *
 * @param cause short, as in incidents
 * @param description one sentence
 * @param diedAt when it ended, as far as known
 * @param host set where the operating system beneath it was lost as well
 * @param known where the time since went, in seconds by phase, where that is known
 */
record PredecessorLoss(
    String cause,
    String description,
    Instant diedAt,
    @Nullable HostLoss host,
    Map<String, Double> known) {

  /** Cause of a guest that boots because no host of its view holds its memory. */
  static final String MEMORY_LOST = "host-memory-lost";

  /**
   * The loss of the host's operating system.
   *
   * @param life of the guest on the boot before
   * @param mounted whether preserved memory is there now
   * @param manifest of the reset; null where there was none, or it did not freeze the guest
   * @param frozen what the manifest says of the guest; null where it was not frozen for a reset
   * @param setForward how far the clock was set forward since; what the manifest says is told by
   *     the clock as it is now, what the image says is not
   */
  record HostLoss(
      Life life,
      boolean mounted,
      @Nullable Manifest manifest,
      Manifest.@Nullable Frozen frozen,
      Duration setForward) {}

  /** Where the time went before the guardian, in seconds by phase; empty where that is unknown. */
  Map<String, Double> phases() {
    if (host == null) {
      return known;
    }
    Manifest manifest = host.manifest();
    return new HostPhases(
            diedAt,
            manifest == null ? null : manifest.frozenAt(),
            manifest == null ? null : manifest.sealedAt(),
            startOf(ProcessHandle.current().parent().orElse(ProcessHandle.current())),
            startOf(ProcessHandle.current()))
        .seconds();
  }

  private static Instant startOf(ProcessHandle process) {
    try {
      return BootTimes.of(process.pid());
    } catch (IOException e) {
      return Instant.now();
    }
  }

  /** Of the guardian alone. */
  PredecessorLoss(String cause, String description, Instant diedAt) {
    this(cause, description, diedAt, null, Map.of());
  }

  /** With the host beneath it. */
  PredecessorLoss(String cause, String description, Instant diedAt, @Nullable HostLoss host) {
    this(cause, description, diedAt, host, Map.of());
  }

  /** The same, with a better knowledge of when it was: the newest commit came after {@code at}. */
  PredecessorLoss notBefore(Instant at) {
    return host != null && at.isAfter(Instant.EPOCH)
        ? new PredecessorLoss(cause, description, at.plus(host.setForward()), host)
        : this;
  }
}
