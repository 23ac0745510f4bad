package io.tardigrade.recoverymanager;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether an operator is at work on this host, and what stands between it and a reset.
 *
 * @param on nothing is done then, only advised
 * @param since when; null while it is off
 * @param reason as the operator gave it; may be empty
 * @param failedResets that no operator has acknowledged: while there is one, no reset is decided on
 * @param lastReset when the newest began; null where there was none
 */
public record Maintenance(
    boolean on,
    @Nullable Instant since,
    String reason,
    long failedResets,
    @Nullable Instant lastReset) {}
