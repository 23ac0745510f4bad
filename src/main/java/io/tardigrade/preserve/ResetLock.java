package io.tardigrade.preserve;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Held by whoever resets the host, on {@code reset.lock} in the run folder: one at a time, and what
 * it has frozen stays frozen only as long as it lives. The kernel lets go of it with its process.
 */
public final class ResetLock implements Closeable {
  /** Who only asks whether it is held holds it for a moment. */
  private static final int TRIES = 20;

  private static final long TRY_MILLIS = 10;

  private final LinuxFile file;

  private ResetLock(LinuxFile file) {
    this.file = file;
  }

  private static Path path(HostPaths paths) {
    return paths.run().resolve("reset.lock");
  }

  /** Takes it; empty where somebody else holds it. */
  public static Optional<ResetLock> take(HostPaths paths) throws IOException {
    Files.createDirectories(paths.run());
    LinuxFile file = LinuxFile.openOrCreate(path(paths));
    try {
      for (int i = 0; i < TRIES; i++) {
        if (file.tryLock()) {
          return Optional.of(new ResetLock(file));
        }
        Thread.sleep(TRY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      file.close();
      throw e;
    }
    file.close();
    return Optional.empty();
  }

  /** Whether a reset is under way. */
  public static boolean isHeld(HostPaths paths) throws IOException {
    if (!Files.exists(path(paths))) {
      return false;
    }
    try (LinuxFile file = LinuxFile.open(path(paths))) {
      return !file.tryLock();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
