package io.tardigrade.recovery;

/**
 * Whether the host could be reset under its guests right now.
 *
 * @param armed region, next kernel and start of the agent are all prepared
 * @param why not, where it is not; may be empty otherwise
 */
public record Preserved(boolean armed, String why) {}
