package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.replica.ReplicaStore;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The hypervisors of a replicated guest on this host, and a spare one also while another host runs
 * the guest: it waits for a state and touches none of its memory, so that the image beneath it may
 * change. They belong to one image and its disks. Main thread, but for {@link #isReady}.
 */
final class ReplicaSpares implements Closeable {
  private final HostPaths paths;
  private final GuestSpec spec;
  private final ReplicaStore store;
  private volatile @Nullable SpareKeeper spares;
  private @Nullable CommittedImage image;

  ReplicaSpares(HostPaths paths, GuestSpec spec, ReplicaStore store) {
    this.paths = paths;
    this.spec = spec;
    this.store = store;
  }

  /** Keeps a spare on this image, or none where there is none. */
  void keep(@Nullable CommittedImage now) throws IOException {
    if (now == null) {
      close();
      return;
    }
    SpareKeeper keeper = of(now);
    keeper.prepare(now.ramFile());
    keeper.check(now.ramFile());
  }

  /** Those of this image, which is the store's. */
  SpareKeeper of(CommittedImage now) throws IOException {
    SpareKeeper current = spares;
    if (current != null && image == now) {
      return current;
    }
    close();
    SpareKeeper made =
        GuestDisks.of(paths, spec).spares(paths, spec, store.volumes(), now.ramFile());
    image = now;
    spares = made;
    return made;
  }

  boolean isReady() {
    SpareKeeper current = spares;
    return current != null && current.isReady();
  }

  @Override
  public void close() throws IOException {
    SpareKeeper current = spares;
    spares = null;
    image = null;
    if (current != null) {
      current.close();
    }
  }
}
