package io.tardigrade.launch;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** What is done with guests that exist: found, wanted running or stopped, deleted. */
public final class GuestKeeper {
  private static final long GUARDIAN_END_NANOS_MAX = 20_000_000_000L;
  private static final long POLL_NANOS = 20_000_000;

  private final HostPaths paths;
  private final Addressing network;

  /** The keeper of the guests under these paths. */
  public GuestKeeper(HostPaths paths, Addressing network) {
    this.paths = paths;
    this.network = network;
  }

  /** Refuses a state folder that cannot be written, which is made where it is missing. */
  public static void checkStateFolder(HostPaths paths) {
    StateLock.checkFolder(paths.state());
  }

  /** The files of a guest that has to exist. */
  public GuestFiles find(String name) throws IOException {
    return find(paths, name);
  }

  /** As {@link #find(String)}, for who only reads. */
  public static GuestFiles find(HostPaths paths, String name) throws IOException {
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
      awaitGuardianEnd(name);
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
      awaitGuardianEnd(name);
      network.release(name);
      Folders.delete(paths.replica(name));
      Folders.delete(paths.preservedImages().resolve(name));
      Folders.delete(paths.images().resolve(name));
      Folders.delete(paths.images().resolve(name + ".replica"));
      Folders.delete(paths.preservedImages().resolve(name + ".replica"));
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

  /**
   * A guest's outcome is written before its guardian is quite gone: it still takes down what it
   * has.
   */
  private void awaitGuardianEnd(String name) throws IOException {
    Path lockFile = paths.guestRun(name).resolve("guardian.lock");
    long deadline = System.nanoTime() + GUARDIAN_END_NANOS_MAX;
    while (Files.exists(lockFile)) {
      try (FileChannel file = FileChannel.open(lockFile, StandardOpenOption.WRITE);
          FileLock lock = file.tryLock()) {
        if (lock != null) {
          return;
        }
      }
      if (System.nanoTime() - deadline > 0) {
        throw RefusedException.conflict(
            "the guardian of '" + name + "' still runs: stop the guest, then try again");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
