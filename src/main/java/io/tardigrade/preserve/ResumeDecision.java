package io.tardigrade.preserve;

import org.jspecify.annotations.Nullable;

/**
 * What becomes of a guest whose host's operating system was lost. Pure.
 *
 * @param kind what to do
 * @param reason one sentence
 */
public record ResumeDecision(Kind kind, String reason) {
  /** What to do. */
  public enum Kind {
    /** Go on from the committed image. */
    RESUME,
    /** Boot from the committed disks: no memory of the guest is left. */
    RESTART,
    /** Do nothing; keep all files for a person to look at. */
    KEEP
  }

  /**
   * What was found of the guest.
   *
   * @param place where its image was
   * @param mounted whether preserved memory is there and holds a file system
   * @param imageThere whether the image's folder exists
   * @param problem why the image cannot be opened, or null
   * @param cold whether the image holds no commit
   * @param epoch newest committed
   * @param unprotectedSince epoch, 0 where protected
   * @param ramBytes of the image
   * @param damagedPage first page that is not what was committed, -1 where none
   * @param markedDiskEpoch newest epoch in which the guest had written to its disks by then
   * @param diskEpoch newest one that the disks can go to
   */
  public record Found(
      Place place,
      boolean mounted,
      boolean imageThere,
      @Nullable String problem,
      boolean cold,
      long epoch,
      long unprotectedSince,
      long ramBytes,
      long damagedPage,
      long markedDiskEpoch,
      long diskEpoch) {

    /** Without an image. */
    public static Found nothing(Place place, boolean mounted) {
      return new Found(place, mounted, false, null, true, 0, 0, 0, -1, 0, 0);
    }

    /** With one that cannot be opened. */
    public static Found unreadable(Place place, String problem) {
      return new Found(place, true, true, problem, true, 0, 0, 0, -1, 0, 0);
    }
  }

  /**
   * Decides.
   *
   * @param ramBytes of the guest
   * @param frozen what the manifest of the reset says of it, null where it says nothing
   */
  public static ResumeDecision of(Found found, long ramBytes, Manifest.@Nullable Frozen frozen) {
    if (!found.imageThere()) {
      return withoutImage(found, frozen);
    }
    if (found.problem() != null) {
      return keep("its committed image cannot be used: " + found.problem());
    }
    if (found.ramBytes() != ramBytes) {
      return keep(
          "its committed image holds "
              + found.ramBytes()
              + " bytes of RAM, the guest has "
              + ramBytes);
    }
    if (frozen != null && found.epoch() != frozen.epoch()) {
      return keep(
          "the manifest names epoch "
              + frozen.epoch()
              + ", its committed image is at epoch "
              + found.epoch());
    }
    if (found.cold()) {
      return restart("nothing of it was committed yet");
    }
    if (found.unprotectedSince() != 0) {
      return restart("it ran unprotected since epoch " + found.unprotectedSince());
    }
    if (found.damagedPage() >= 0) {
      return keep(
          "page "
              + found.damagedPage()
              + " of its committed image does not match the checksum taken at its commit");
    }
    if (found.diskEpoch() < found.markedDiskEpoch()) {
      return keep(
          "its disks are at epoch "
              + found.diskEpoch()
              + ", its memory has seen them written in epoch "
              + found.markedDiskEpoch());
    }
    return new ResumeDecision(
        Kind.RESUME, "its committed image is whole at epoch " + found.epoch());
  }

  private static ResumeDecision withoutImage(Found found, Manifest.@Nullable Frozen frozen) {
    if (frozen != null) {
      return keep("the manifest names epoch " + frozen.epoch() + ", but its image is gone");
    }
    if (found.place() == Place.ORDINARY) {
      return restart("its image lay in ordinary memory, which a reset does not keep");
    }
    return restart(
        found.mounted()
            ? "its image is not in preserved memory, which was made anew: power was lost"
            : "preserved memory is gone: power was lost, or the kernel does not reserve it");
  }

  private static ResumeDecision restart(String reason) {
    return new ResumeDecision(Kind.RESTART, reason);
  }

  private static ResumeDecision keep(String reason) {
    return new ResumeDecision(Kind.KEEP, reason);
  }
}
