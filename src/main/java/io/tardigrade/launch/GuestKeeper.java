package io.tardigrade.launch;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** What is done with guests that exist: found, wanted running or stopped, deleted. */
public final class GuestKeeper {
  private final HostPaths paths;
  private final Addressing network;

  /** The keeper of the guests under these paths. */
  public GuestKeeper(HostPaths paths, Addressing network) {
    this.paths = paths;
    this.network = network;
  }

  /** The files of a guest that has to exist. */
  public GuestFiles find(String name) throws IOException {
    GuestSpec.checkName("guest", name);
    GuestFiles files = GuestFiles.of(paths, name);
    if (!files.exists()) {
      throw RefusedException.notFound(
          "guest '" + name + "' does not exist; 'tardigrade list' shows those that do");
    }
    return files;
  }

  /**
   * Wants a guest running that has ended.
   *
   * @return false where it was already wanted running
   */
  public boolean want(String name) throws IOException {
    try (StateLock _ = StateLock.take(paths.state(), () -> {})) {
      GuestFiles files = find(name);
      if (files.desiredRunning()) {
        return false;
      }
      List<String> volumes =
          files.spec().volumes().stream().map(GuestSpec.VolumeMount::volume).toList();
      new Volumes(paths).checkFree(volumes, name);
      files.clearOutcome();
      files.writeDesired(true);
      return true;
    }
  }

  /** Wants a guest stopped; its guardian, if any, is told separately. */
  public void wantStopped(String name) throws IOException {
    try (StateLock _ = StateLock.take(paths.state(), () -> {})) {
      find(name).writeDesired(false);
    }
  }

  /**
   * Takes away everything of a guest but its volumes. It has to have been stopped; call it again
   * after a failure.
   */
  public void delete(String name) throws IOException {
    try (StateLock _ = StateLock.take(paths.state(), () -> {})) {
      find(name);
      network.release(name);
      Folders.delete(paths.image(name));
      Folders.delete(paths.guestRun(name));
      Path going = Folders.stage(paths.guests(), name);
      Files.move(paths.guest(name), going, StandardCopyOption.ATOMIC_MOVE);
      Folders.delete(going);
      if (GuestFiles.names(paths).isEmpty()) {
        network.tearDown();
        Folders.deleteIfEmpty(paths.images());
      }
    }
  }
}
