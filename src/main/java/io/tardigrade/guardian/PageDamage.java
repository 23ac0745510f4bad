package io.tardigrade.guardian;

import io.tardigrade.core.ScrubPolicy.Action;
import java.util.Locale;

/**
 * One page of guest memory that was not what had been committed, and what was done.
 *
 * @param page its number in guest RAM; its place in the image's file, and its guest-physical
 *     address, but for the hole that large guests have below 4 GiB
 * @param inImage whether the image's page was wrong
 * @param inGuest whether the guest saw wrong contents
 * @param imageFrame page frame of the image's page on the host, 0 where unknown
 * @param guestFrame page frame of the guest's own page; 0 where unknown, or where it has none
 * @param epoch the newest committed one
 */
record PageDamage(
    long page,
    boolean inImage,
    boolean inGuest,
    long imageFrame,
    long guestFrame,
    Action action,
    long epoch) {

  boolean isRepaired() {
    return action != Action.TELL;
  }

  /** What was found, in one sentence. */
  String seen() {
    if (action == Action.RENEW_CHECKSUM) {
      return "the checksum of page " + page + " of guest memory differs from it; " + frames();
    }
    String where =
        inImage && inGuest
            ? "in the image and as the guest sees it"
            : inImage ? "in the image" : "as the guest sees it";
    return "page "
        + page
        + " of guest memory (offset 0x"
        + Long.toHexString(page * 4096)
        + ") differs from its checksum "
        + where
        + "; "
        + frames();
  }

  private String frames() {
    String image = "host frame " + frame(imageFrame) + " (image)";
    return guestFrame == 0 ? image : image + ", " + frame(guestFrame) + " (guest)";
  }

  private static String frame(long number) {
    return number == 0 ? "unknown" : "0x" + Long.toHexString(number);
  }

  /** What was decided, in one sentence. */
  String decided() {
    return switch (action) {
      case NOTHING -> "nothing to do";
      case FROM_IMAGE -> "repair the guest's page from the image, which matches";
      case FROM_GUEST -> "repair the image from the guest's page, which matches";
      case FROM_RECORD -> "repair from the record of the checkpoint that wrote the page";
      case RENEW_CHECKSUM -> "store the checksum anew: one of its own bits has flipped";
      case FLIP_BACK -> "turn the one bit back that explains the difference";
      case AWAIT_CHECKPOINT -> "leave it: the checkpoint being taken replaces the page";
      case ROLL_BACK -> "resume from the image: the guest's page could not be written";
      case TELL -> "let the guest run on: no copy is right, so going back would not help";
    };
  }

  /** What the guest has of it, in one sentence. */
  String felt() {
    return switch (action) {
      case TELL -> "wrong contents in this page, until it writes it or is restarted";
      case ROLL_BACK -> "a recovery";
      default ->
          inGuest
              ? "nothing from now on; what it read of the page before may have been wrong"
              : "nothing";
    };
  }

  /** One sentence. */
  String headline() {
    String what = inImage || inGuest ? "memory corrupted silently" : "no damage";
    return String.format(
        Locale.ROOT,
        "%s in page %d, host frame %s: %s",
        what,
        page,
        frame(!inImage && guestFrame != 0 ? guestFrame : imageFrame),
        outcome());
  }

  String outcome() {
    return switch (action) {
      case TELL -> "not repaired";
      case ROLL_BACK -> "rolled back";
      case AWAIT_CHECKPOINT -> "replaced";
      default -> "repaired";
    };
  }
}
