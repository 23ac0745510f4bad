package io.tardigrade.recovery;

/**
 * What a reset of the host would do to a guest.
 *
 * @param resettable whether it would be resumed from memory
 * @param why not, where it would not; may be empty otherwise
 * @param expendable whether its owner agreed that a reset may restart it from its disk
 */
public record GuestFate(String guest, boolean resettable, String why, boolean expendable) {}
