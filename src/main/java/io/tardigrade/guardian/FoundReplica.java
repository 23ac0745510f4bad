package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.EventLog;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import io.tardigrade.replica.ReplicaStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a host kept of a replicated guest while its operating system was lost or replaced. It is
 * compared with its checksums before the member acknowledges or runs anything: others would rely on
 * it. Who runs the guest is for the view to say, whatever is found here.
 *
 * <p>What is not as it was committed is kept to be examined, with the reason in {@code
 * guests/NAME/memory-damaged}, until another host's takes its place or a person gives it up.
 */
final class FoundReplica {
  private static final long PAGES_AT_ONCE = 4096;

  private FoundReplica() {}

  /**
   * Has nobody rely on what is not as it was committed, and notes that the guest lives on this
   * boot.
   *
   * @param loss of the guardian before this one, or null
   * @return why nobody relies on what was kept; null where that is right, or nothing was
   */
  static @Nullable String check(
      HostPaths paths, GuestSpec spec, ReplicaStore store, @Nullable PredecessorLoss loss)
      throws IOException {
    PredecessorLoss.@Nullable HostLoss host = loss == null ? null : loss.host();
    String damage = host == null || !store.isWhole() ? null : damage(spec, store, host);
    if (damage != null) {
      Log.warn("nobody is to rely on what was kept: " + damage);
      // First: what is not whole and has no reason is booted over.
      Json.writeText(note(paths, spec.name()), damage + "\n");
      store.startSync();
      tell(paths, spec.name(), damage);
    }
    boolean preserved = paths.image(spec.name()).startsWith(paths.preservedImages());
    new Life(BootId.current(), preserved ? Place.PRESERVED : Place.ORDINARY)
        .write(paths.guest(spec.name()));
    return damage;
  }

  private static Path note(HostPaths paths, String guest) {
    return paths.guest(guest).resolve("memory-damaged");
  }

  private static void tell(HostPaths paths, String guest, String damage) {
    try {
      new EventLog(paths.events())
          .append(guest, "kept", "memory on this host is kept to be examined: " + damage);
    } catch (IOException e) {
      Log.warn("event: " + e.getMessage());
    }
  }

  /** Why memory that is kept is not as it was committed; empty where none is kept for that. */
  static String damage(HostPaths paths, String guest) throws IOException {
    Path note = note(paths, guest);
    return Files.exists(note) ? Files.readString(note).strip() : "";
  }

  /** What was damaged is replaced, or given up. */
  static void forgetDamage(HostPaths paths, String guest) throws IOException {
    Files.deleteIfExists(note(paths, guest));
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
