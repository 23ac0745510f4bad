package io.tardigrade.guardian;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a guest's freeze came out: a file {@code frozen} in its run folder. While it says that the
 * guest is frozen, and the reset is under way (see {@link ResetLock}), no guardian is started for
 * it; {@link #thaw} lets the agent start one, which goes on from the committed image.
 *
 * @param epoch at which the guest stands, 0 where it does not
 * @param at when its last checkpoint was committed
 * @param refusal why it could not be frozen, or null
 */
public record Freeze(long epoch, Instant at, @Nullable String refusal) {
  static Path file(Path guestRun) {
    return guestRun.resolve("frozen");
  }

  void write(HostPaths paths, String name) throws IOException {
    Json.write(file(paths.guestRun(name)), this);
  }

  /** Says why a guest cannot be frozen. */
  static void refuse(HostPaths paths, String name, String why) {
    try {
      new Freeze(0, Instant.now(), why).write(paths, name);
    } catch (IOException e) {
      Log.warn("freeze: " + e.getMessage());
    }
  }

  private static Optional<Freeze> read(HostPaths paths, String name) throws IOException {
    try {
      return Optional.of(Json.read(file(paths.guestRun(name)), Freeze.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether the guest is frozen, so that nobody is to serve it. Once whoever resets the host has
   * ended there is nothing to wait for.
   */
  public static boolean isFrozen(HostPaths paths, String name) throws IOException {
    return standing(paths, name).isPresent() && ResetLock.isHeld(paths);
  }

  /** What keeps the guest from being served, or did so in a reset that is no longer under way. */
  public static Optional<Freeze> standing(HostPaths paths, String name) throws IOException {
    return read(paths, name).filter(freeze -> freeze.refusal() == null);
  }

  /** Whether it is of a guest that is shut down rather than frozen: see {@link #hold}. */
  public boolean isHeld() {
    return epoch == 0 && refusal == null;
  }

  /** Keeps a guest that is being stopped from being served again before {@link #thaw}. */
  public static void hold(HostPaths paths, String name) throws IOException {
    Files.createDirectories(paths.guestRun(name));
    new Freeze(0, Instant.now(), null).write(paths, name);
  }

  /** Forgets a freeze: the guest may be served again. */
  public static void thaw(HostPaths paths, String name) throws IOException {
    Files.deleteIfExists(file(paths.guestRun(name)));
  }

  /**
   * How the freeze that was asked for came out; empty while it is under way, and as long as the
   * guardian, which lets go of everything then, is not gone.
   */
  public static Optional<Freeze> ended(HostPaths paths, String name) throws IOException {
    Optional<Freeze> freeze = read(paths, name);
    if (freeze.isEmpty() || freeze.get().refusal() != null) {
      return freeze;
    }
    try (FileChannel file =
            FileChannel.open(
                paths.guestRun(name).resolve("guardian.lock"), StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      return lock == null ? Optional.empty() : freeze;
    }
  }

  /** As it is named in a manifest. */
  public Manifest.Frozen sealed(String name) {
    return new Manifest.Frozen(name, epoch, at);
  }
}
