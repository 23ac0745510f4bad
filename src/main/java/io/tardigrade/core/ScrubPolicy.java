package io.tardigrade.core;

/**
 * Decides what is done about a page of guest memory that is not what it was when it was committed.
 * Pure.
 *
 * <p>There may be up to three copies: the image's page, the hypervisor's own page once it wrote
 * there, and the redo record of one of the last checkpoints. A hypervisor that never wrote the page
 * has the image's: then both are one physical page. Any copy that matches the checksum is the page,
 * whichever it is. Where none does, one flipped bit can still be told from the checksum alone, in
 * the page or in the checksum.
 */
public final class ScrubPolicy {
  private ScrubPolicy() {}

  /** The page as the paused guest sees it. */
  public enum GuestPage {
    /** The image's page: never written since its hypervisor started. */
    SHARED,
    /** A page of its own that matches the checksum. */
    MATCHES,
    /** A page of its own that nobody wrote since the last commit, and that does not match. */
    DIFFERS,
    /** A page of its own, written since the last commit: part of the next checkpoint. */
    WRITTEN
  }

  /**
   * What is known of one page.
   *
   * @param imageMatches whether the image's page matches its checksum
   * @param recordHolds whether a redo record still holds a copy that matches
   * @param checksumFlipped whether one flipped bit of the checksum explains the difference
   * @param bitKnown whether one flipped bit of the page explains it
   * @param guestWritable false once writing to the guest's page has failed
   */
  public record Findings(
      boolean imageMatches,
      GuestPage guest,
      boolean recordHolds,
      boolean checksumFlipped,
      boolean bitKnown,
      boolean guestWritable) {

    /** The same after the guest's page could not be written. */
    public Findings guestNotWritable() {
      return new Findings(
          imageMatches, guest, recordHolds, checksumFlipped, bitKnown, /* guestWritable= */ false);
    }
  }

  /** What to do. Repairs put the good contents wherever they are missing. */
  public enum Action {
    /** All is well, or what differs was written by the guest. */
    NOTHING,
    /** Repair from the image's page. */
    FROM_IMAGE,
    /** Repair from the guest's own page. */
    FROM_GUEST,
    /** Repair from a redo record. */
    FROM_RECORD,
    /** The page is right and its checksum is not: store it anew. */
    RENEW_CHECKSUM,
    /** Turn back the one bit that has flipped. */
    FLIP_BACK,
    /** Only the image's page is wrong, and the checkpoint being taken replaces it. */
    AWAIT_CHECKPOINT,
    /** Resume the guest from the image, which is right or was repaired first. */
    ROLL_BACK,
    /** No copy is right, so a rollback would not help: let the guest run on, and tell. */
    TELL
  }

  /** Decides; first what costs the guest nothing. */
  public static Action decide(Findings found) {
    boolean guestIsBad = found.guest() == GuestPage.DIFFERS;
    if (found.imageMatches() && !guestIsBad) {
      return Action.NOTHING;
    }
    Action repair = repair(found);
    boolean writesGuest = guestIsBad && repair != Action.RENEW_CHECKSUM && repair != Action.TELL;
    return writesGuest && !found.guestWritable() ? Action.ROLL_BACK : repair;
  }

  private static Action repair(Findings found) {
    if (found.imageMatches()) {
      return Action.FROM_IMAGE;
    }
    if (found.guest() == GuestPage.MATCHES) {
      return Action.FROM_GUEST;
    }
    if (found.recordHolds()) {
      return Action.FROM_RECORD;
    }
    if (found.checksumFlipped()) {
      return Action.RENEW_CHECKSUM;
    }
    if (found.bitKnown()) {
      return Action.FLIP_BACK;
    }
    return found.guest() == GuestPage.WRITTEN ? Action.AWAIT_CHECKPOINT : Action.TELL;
  }
}
