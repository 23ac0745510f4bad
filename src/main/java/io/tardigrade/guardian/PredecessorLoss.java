package io.tardigrade.guardian;

import java.time.Instant;

/**
 * What became of the guardian that served the guest before this one.
 *
 * @param cause short, as in incidents
 * @param description one sentence
 * @param diedAt when it ended, as far as known
 */
record PredecessorLoss(String cause, String description, Instant diedAt) {}
