package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The committed image of a guest whose host was lost, until it is known to be whole. Main thread.
 */
final class FoundImage {
  private final CommittedImage image;
  private final VolumeSet volumes;
  private final Runnable prepareSpare;
  private final GuestSpec spec;
  private final PredecessorLoss.@Nullable HostLoss loss;
  private @Nullable ImageCheck check;
  private final List<Runnable> untold = new ArrayList<>();
  private boolean begun;
  private boolean spareDue;
  private long foundEpoch;

  /**
   * @param loss of the host; null where it was not lost, and nothing is to be checked
   */
  FoundImage(Resources resources, GuestSpec spec, PredecessorLoss.@Nullable HostLoss loss) {
    this(
        resources.image(),
        resources.volumes(),
        () -> resources.spares().prepare(resources.image().ramFile()),
        spec,
        loss);
  }

  /**
   * With its parts.
   *
   * @param prepareSpare starts the hypervisor that takes over where the one that runs is lost
   */
  FoundImage(
      CommittedImage image,
      VolumeSet volumes,
      Runnable prepareSpare,
      GuestSpec spec,
      PredecessorLoss.@Nullable HostLoss loss) {
    this.image = image;
    this.volumes = volumes;
    this.prepareSpare = prepareSpare;
    this.spec = spec;
    this.loss = loss;
  }

  /**
   * Begins the check, once.
   *
   * @return false where there is none to begin
   */
  boolean begin(Runnable ended) {
    if (loss == null || begun) {
      return false;
    }
    begun = true;
    foundEpoch = image.committedEpoch();
    check = new ImageCheck(image, ended);
    return true;
  }

  /**
   * Runs this when the image was found whole, at once where nothing is left to check: of a guest
   * that may yet be kept nobody is told that it was recovered.
   */
  void whenChecked(Runnable tell) {
    untold.add(tell);
    if (check == null) {
      tell();
    }
  }

  private void tell() {
    untold.forEach(Runnable::run);
    untold.clear();
  }

  /** As {@link Data#mayCommit}. */
  boolean mayCommit() throws IOException {
    ImageCheck current = check;
    if (current == null) {
      prepareSpare();
      return true;
    }
    if (!current.isDone()) {
      return false;
    }
    if (current.damagedPage() >= 0 && loss != null) {
      untold.clear();
      AfterHostLoss.refuse(current.damagedPage(), image, volumes, spec, loss);
    }
    check = null;
    spareDue = true;
    tell();
    return true;
  }

  /** A client waits for the first commit, and the start of a process takes a while: after it. */
  private void prepareSpare() {
    if (spareDue && image.committedEpoch() > foundEpoch) {
      spareDue = false;
      prepareSpare.run();
    }
  }

  /** As {@link Data#awaitChecked}. */
  void await() throws IOException {
    ImageCheck current = check;
    if (current != null) {
      current.await();
      var _ = mayCommit();
    }
  }

  /** The image is given up, or closed. */
  void cancel() {
    ImageCheck current = check;
    check = null;
    spareDue = false;
    if (current != null) {
      current.cancel();
    }
    tell();
  }
}
