package io.tardigrade.guardian;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.ReplicaSpec;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The last reign in which a replicated guest has run on this host, in {@code
 * guests/NAME/reign.json} on disk: since then its disks here hold all that was committed in that
 * reign.
 *
 * <pre>
 *   {"id":"kv-5f3a0c1e","reign":12}
 * </pre>
 *
 * @param id of the guest, with its life
 * @param reign as in its view
 */
record LastReign(String id, long reign) {
  private static final String FILE = "reign.json";

  /** Of this life of the guest; 0 where it never ran here. */
  static long of(HostPaths paths, String guest, ReplicaSpec replica) throws IOException {
    try {
      LastReign found = Json.read(file(paths, guest), LastReign.class);
      return replica.id().equals(found.id()) ? found.reign() : 0;
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Durably. */
  void write(HostPaths paths, String guest) throws IOException {
    Json.write(file(paths, guest), this);
  }

  private static Path file(HostPaths paths, String guest) {
    return paths.guest(guest).resolve(FILE);
  }
}
