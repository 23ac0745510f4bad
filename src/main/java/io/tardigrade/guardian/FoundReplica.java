package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import io.tardigrade.replica.ReplicaStore;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a host kept of a replicated guest while its operating system was lost or replaced. It is
 * compared with its checksums before the member acknowledges or runs anything: others would rely on
 * it. Who runs the guest is for the view to say, whatever is found here.
 */
final class FoundReplica {
  private static final long PAGES_AT_ONCE = 4096;

  private FoundReplica() {}

  /**
   * Gives up what is not as it was committed, and notes that the guest lives on this boot.
   *
   * @param loss of the guardian before this one, or null
   * @return why what was kept is given up; null where it is not, or nothing was
   */
  static @Nullable String check(
      HostPaths paths, GuestSpec spec, ReplicaStore store, @Nullable PredecessorLoss loss)
      throws IOException {
    PredecessorLoss.@Nullable HostLoss host = loss == null ? null : loss.host();
    String damage = host == null || !store.isWhole() ? null : damage(spec, store, host);
    if (damage != null) {
      Log.warn("what was kept is given up: " + damage);
      store.startSync();
    }
    boolean preserved = paths.image(spec.name()).startsWith(paths.preservedImages());
    new Life(BootId.current(), preserved ? Place.PRESERVED : Place.ORDINARY)
        .write(paths.guest(spec.name()));
    return damage;
  }

  private static @Nullable String damage(
      GuestSpec spec, ReplicaStore store, PredecessorLoss.HostLoss loss) throws IOException {
    CommittedImage image = store.image();
    try {
      AfterHostLoss.refuseReplica(firstDamagedPage(image), image, spec, loss);
      return null;
    } catch (KeptException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static long firstDamagedPage(CommittedImage image) {
    long pages = image.ramBytes() / CommittedImage.PAGE_BYTES;
    long damaged = -1;
    for (long from = 0; from < pages && damaged < 0; from += PAGES_AT_ONCE) {
      damaged = image.firstDamagedPage(from, Math.min(pages, from + PAGES_AT_ONCE));
    }
    return damaged;
  }
}
