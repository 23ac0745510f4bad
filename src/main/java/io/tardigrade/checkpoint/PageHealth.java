package io.tardigrade.checkpoint;

/**
 * What is known of one page of the image and of the guest's own copy of it.
 *
 * @param imageMatches whether the image's page is what was committed
 * @param guestMatches whether the guest's copy is; false where none was given
 * @param recordHolds whether a redo record holds a copy that is
 * @param checksumFlipped whether one flipped bit of the checksum explains the difference
 * @param bitKnown whether one flipped bit of the image's or the guest's page explains it
 */
public record PageHealth(
    boolean imageMatches,
    boolean guestMatches,
    boolean recordHolds,
    boolean checksumFlipped,
    boolean bitKnown) {

  /** Where the right contents of a page are taken from. */
  public enum Source {
    IMAGE,
    GUEST,
    RECORD,
    /** A copy that is wrong in one bit only. */
    FLIPPED_BIT
  }
}
