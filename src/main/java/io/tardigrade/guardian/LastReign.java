package io.tardigrade.guardian;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.ReplicaSpec;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

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

  /**
   * Durably; where that fails, again and again as long as the guest runs here in this reign.
   * Without the note a person decides whether a guest whose memory is lost boots.
   */
  void keepWriting(HostPaths paths, String guest, BooleanSupplier isOver, long pauseMillis)
      throws InterruptedException {
    boolean failed = false;
    while (!isOver.getAsBoolean()) {
      try {
        write(paths, guest);
        if (failed) {
          Log.info("that the guest runs here is noted on disk now");
        }
        return;
      } catch (IOException e) {
        if (!failed) {
          Log.warn("that the guest runs here is not noted on disk yet: " + e.getMessage());
        }
        failed = true;
      }
      Thread.sleep(pauseMillis);
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
