package io.tardigrade.incident;

import java.time.Instant;

/**
 * One line of the event log.
 *
 * @param guest whom it is about; empty for the host
 * @param type short and fixed, like {@code recovered}
 * @param message for people, one line
 */
public record Event(Instant at, String guest, String type, String message) {}
