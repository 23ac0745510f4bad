package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.ImageException;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.ResumeDecision;
import io.tardigrade.preserve.ResumeDecision.Found;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out that the host's operating system was lost beneath a guest, and what of the guest is
 * left; {@link ResumeDecision} says what follows from it.
 */
final class AfterHostLoss {
  private AfterHostLoss() {}

  /** The loss, or null where the guest lived on this very boot, or did not live. */
  static @Nullable PredecessorLoss find(HostPaths paths, String name) throws IOException {
    Optional<Life> found = Life.read(paths.guest(name));
    if (found.isEmpty() || found.get().bootId().equals(BootId.current())) {
      return null;
    }
    Life life = found.get();
    PreservedMemory memory = new PreservedMemory(paths);
    Optional<String> problem = memory.bringUp();
    boolean mounted = memory.isMounted();
    problem.ifPresent(text -> Log.warn("preserved memory: " + text));
    Optional<Manifest> sealed = manifest(memory, life);
    Duration setForward = sealed.isEmpty() ? Duration.ZERO : sealed.get().setForward();
    Optional<Manifest> manifest = sealed.map(m -> m.onClockSetForward(setForward));
    Manifest.@Nullable Frozen frozen = manifest.flatMap(m -> m.guest(name)).orElse(null);
    PredecessorLoss.HostLoss loss =
        new PredecessorLoss.HostLoss(
            life, mounted, frozen == null ? null : manifest.orElse(null), frozen, setForward);
    if (frozen != null) {
      return new PredecessorLoss(
          "host-reset",
          "the host's operating system was replaced: " + manifest.get().reason(),
          frozen.frozenAt(),
          loss);
    }
    return new PredecessorLoss(
        "host-lost",
        manifest.isPresent()
            ? "the host's operating system was replaced, the guest was not frozen"
            : "the host's operating system was lost: a panic, a reset or a loss of power",
        BootId.startedAt(),
        loss);
  }

  private static Optional<Manifest> manifest(PreservedMemory memory, Life life) {
    try {
      return memory.manifest(life.bootId());
    } catch (IOException e) {
      // Every image says itself whether it is whole; without the manifest the reset counts as
      // unplanned.
      Log.warn(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /**
   * The guest's committed image, null where there is none.
   *
   * @throws KeptException where it cannot be used
   */
  static @Nullable CommittedImage openImage(
      Path folder, GuestSpec spec, PredecessorLoss.HostLoss loss) throws IOException {
    if (!Files.isDirectory(folder)) {
      decide(Found.nothing(loss.life().place(), loss.mounted()), spec, loss);
      return null;
    }
    try {
      return CommittedImage.open(folder);
    } catch (ImageException e) {
      decide(Found.unreadable(loss.life().place(), String.valueOf(e.getMessage())), spec, loss);
      throw e;
    }
  }

  /**
   * Checks image and disks against each other; pages against their checksums are {@link
   * ImageCheck}'s.
   *
   * @return what is to be done with the guest, for people
   * @throws KeptException where nothing is to be done
   */
  static String check(
      CommittedImage image, VolumeSet volumes, GuestSpec spec, PredecessorLoss.HostLoss loss)
      throws IOException {
    return decide(found(image, volumes, loss, -1), spec, loss).reason();
  }

  /**
   * Takes into account which page is damaged.
   *
   * @throws KeptException which says so
   */
  static void refuse(
      long damagedPage,
      CommittedImage image,
      VolumeSet volumes,
      GuestSpec spec,
      PredecessorLoss.HostLoss loss)
      throws IOException {
    var _ = decide(found(image, volumes, loss, damagedPage), spec, loss);
  }

  /**
   * Of what a member keeps: its store has seen to it that disks and image fit, and the image's
   * marks count the epochs of whichever host captured them.
   *
   * @throws KeptException where it is not as it was committed
   */
  static void refuseReplica(
      long damagedPage, CommittedImage image, GuestSpec spec, PredecessorLoss.HostLoss loss)
      throws IOException {
    var _ = decide(found(image, 0, 0, loss, damagedPage), spec, loss);
  }

  private static Found found(
      CommittedImage image, VolumeSet volumes, PredecessorLoss.HostLoss loss, long damagedPage)
      throws IOException {
    long marked = CommitMarks.decode(image.marks()).diskEpoch();
    return found(image, marked, volumes.lastPrepared(), loss, damagedPage);
  }

  private static Found found(
      CommittedImage image,
      long markedDiskEpoch,
      long diskEpoch,
      PredecessorLoss.HostLoss loss,
      long damagedPage)
      throws IOException {
    return new Found(
        loss.life().place(),
        loss.mounted(),
        true,
        null,
        image.isCold(),
        image.committedEpoch(),
        image.unprotectedSince(),
        image.ramBytes(),
        damagedPage,
        markedDiskEpoch,
        diskEpoch);
  }

  private static ResumeDecision decide(Found found, GuestSpec spec, PredecessorLoss.HostLoss loss)
      throws KeptException {
    ResumeDecision decision = ResumeDecision.of(found, spec.memoryBytes(), loss.frozen());
    Log.info(decision.kind() + ": " + decision.reason());
    if (decision.kind() == ResumeDecision.Kind.KEEP) {
      throw new KeptException(decision.reason());
    }
    return decision;
  }
}
