package io.tardigrade.guardian;

import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Manifest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What became of the guardian that served the guest before this one.
 *
 * @param cause short, as in incidents
 * @param description one sentence
 * @param diedAt when it ended, as far as known
 * @param host set where the operating system beneath it was lost as well
 */
record PredecessorLoss(String cause, String description, Instant diedAt, @Nullable HostLoss host) {

  /**
   * The loss of the host's operating system.
   *
   * @param life of the guest on the boot before
   * @param mounted whether preserved memory is there now
   * @param frozen what the manifest says of the guest; null where it was not frozen for a reset
   */
  record HostLoss(Life life, boolean mounted, Manifest.@Nullable Frozen frozen) {}

  /** Of the guardian alone. */
  PredecessorLoss(String cause, String description, Instant diedAt) {
    this(cause, description, diedAt, null);
  }

  /** The same, with a better knowledge of when it was: the newest commit came after {@code at}. */
  PredecessorLoss notBefore(Instant at) {
    boolean closer = host != null && host.frozen() == null && at.isAfter(Instant.EPOCH);
    return closer ? new PredecessorLoss(cause, description, at, host) : this;
  }
}
