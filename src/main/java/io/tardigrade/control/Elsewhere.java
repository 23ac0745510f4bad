package io.tardigrade.control;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells of a guest that is run by another host of the cluster. */
final class Elsewhere {
  private final HostPaths paths;
  private final GuestControl control;

  Elsewhere(HostPaths paths, GuestControl control) {
    this.paths = paths;
    this.control = control;
  }

  private GuestStatus.@Nullable Replica kept(String name) {
    Optional<GuestStatus> status = control.status(name);
    return status
        .map(GuestStatus::replica)
        .filter(replica -> replica.role().equals("backup"))
        .orElse(null);
  }

  /**
   * Refuses what has to be asked of the host that runs the guest.
   *
   * @param replication null where this host is of no cluster
   */
  void refuse(String name, @Nullable Replication replication) throws IOException {
    GuestSpec.checkName("guest", name);
    boolean here = GuestFiles.of(paths, name).exists();
    if (replication == null || (here && kept(name) == null)) {
      return;
    }
    Optional<String> host = replication.runsOn(name);
    if (host.isPresent()) {
      throw RefusedException.conflict(
          "guest '"
              + name
              + "' runs on host "
              + host.get()
              + (here ? ", and this host keeps a replica of it" : "")
              + ": give the command there");
    }
  }

  /** Whether this host keeps a replica of a guest of which it knows no host that runs it. */
  boolean isForsaken(String name) {
    return kept(name) != null;
  }
}
