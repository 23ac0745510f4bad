package io.tardigrade.guardian;

import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.launch.ReplicaKeeper;
import io.tardigrade.replica.ReplicaFiles;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Opens what this host keeps of a replicated guest, or founds the guest's first replica out of the
 * image and disks that it has here: once in the guest's life, while it has no view.
 */
final class ReplicaFounding {
  private static final long CONNECT_MILLIS_MAX = 10_000;
  private static final long RETRY_MILLIS = 500;

  private final HostPaths paths;
  private final GuestSpec spec;
  private final ReplicaSpec replica;
  private final Coordination coordination;
  private final GuestRegister register;
  private final String self;

  ReplicaFounding(
      HostPaths paths,
      GuestSpec spec,
      ReplicaSpec replica,
      Coordination coordination,
      String self) {
    this.paths = paths;
    this.spec = spec;
    this.replica = replica;
    this.coordination = coordination;
    this.register = coordination.guestRegister();
    this.self = self;
  }

  /** Removes what a store kept beside an image that is removed as well, and that it was one. */
  static void delete(HostPaths paths, String guest) throws IOException {
    ReplicaSpec.delete(paths, guest);
    SpareKeeper.deleteRecursively(paths.replica(guest));
  }

  /** Opens or founds; waits for the coordination service where that has to be asked. */
  ReplicaStore open() throws IOException {
    ReplicaFiles files = files();
    ReplicaStore store = ReplicaStore.open(files, replica.life());
    try {
      if (replica.founds()) {
        store = found(files, store);
      }
      return store;
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private ReplicaStore found(ReplicaFiles files, ReplicaStore there) throws IOException {
    View stored = patiently(() -> register.view(replica.id()));
    ReplicaStore store = there;
    if (stored.number() == 0 && !there.isWhole()) {
      there.close();
      store = ReplicaStore.found(files, replica.life());
      Log.info("the guest's first replica is founded at epoch " + store.base());
    }
    if (stored.number() == 0) {
      patiently(() -> {
        if (register.view(replica.id()).number() == 0) {
          coordination.create(replica.id(), View.first(self));
        }
        return true;
      });
    }
    replica.founded().write(paths, spec.name());
    return store;
  }

  private interface Question<T> {
    T ask() throws IOException;
  }

  /** Nothing can be done without an answer, and nothing is lost by waiting. */
  private <T> T patiently(Question<T> question) throws IOException {
    String fault = "";
    while (true) {
      try {
        boolean _ = coordination.await(CONNECT_MILLIS_MAX);
        return question.ask();
      } catch (IOException e) {
        String found = String.valueOf(e.getMessage());
        if (!found.equals(fault)) {
          fault = found;
          Log.warn("still to be asked: " + found);
        }
        pause();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private ReplicaFiles files() throws IOException {
    List<GuestDisks.GuestDisk> disks = GuestDisks.of(paths, spec).disks();
    List<Long> sizes = sizes(disks);
    List<ReplicaFiles.Disk> kept = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      kept.add(
          new ReplicaFiles.Disk(
              disks.get(i).base(), disks.get(i).log(), sizes.get(i), keptAs(disks.get(i).base())));
    }
    return new ReplicaFiles(
        paths.replica(spec.name()), paths.image(spec.name()), spec.memoryBytes(), kept);
  }

  /** A root disk goes with the guest's folder. */
  private @Nullable Path keptAs(Path base) throws IOException {
    Path volumes = paths.volumes();
    String file = String.valueOf(base.getFileName());
    return volumes.equals(base.getParent()) && file.endsWith(".img")
        ? ReplicaKeeper.keptAs(
                paths, spec.name(), file.substring(0, file.length() - ".img".length()))
            .orElse(null)
        : null;
  }

  private List<Long> sizes(List<GuestDisks.GuestDisk> disks) throws IOException {
    List<Long> sizes = new ArrayList<>();
    for (GuestDisks.GuestDisk disk : disks) {
      if (!Files.exists(disk.base())) {
        return defined();
      }
      sizes.add(Files.size(disk.base()));
    }
    return sizes;
  }

  private List<Long> defined() throws IOException {
    Optional<String> text = patiently(() -> register.definition(replica.id()));
    if (text.isEmpty()) {
      throw new IOException(
          "the cluster knows no guest " + replica.id() + ", whose replica is to be kept here");
    }
    return GuestDefinition.decode(text.get()).diskBytes();
  }
}
