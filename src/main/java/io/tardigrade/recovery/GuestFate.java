package io.tardigrade.recovery;

import org.jspecify.annotations.Nullable;

/**
 * What a reset of the host would do to a guest.
 *
 * @param resettable whether it would be resumed from memory
 * @param why not, where it would not; may be empty otherwise
 * @param expendable whether its owner agreed that a reset may restart it from its disk
 * @param backup where it could run instead; null where no other host holds all of it
 */
public record GuestFate(
    String guest, boolean resettable, String why, boolean expendable, @Nullable Backup backup) {
  /**
   * A host that holds all of a guest.
   *
   * @param switchoverMillis for how long the guest would stand still to run there
   * @param resetMillis for how long it would stand still for a reset of the host that it runs on
   */
  public record Backup(String host, long switchoverMillis, long resetMillis) {}

  /** One that no other host holds. */
  public static GuestFate alone(String guest, boolean resettable, String why, boolean expendable) {
    return new GuestFate(guest, resettable, why, expendable, null);
  }
}
