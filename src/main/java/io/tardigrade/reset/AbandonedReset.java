package io.tardigrade.reset;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A reset whose process ended before the jump, by Ctrl-C perhaps: what it has frozen goes on, what
 * it has shut down boots again, and its manifest must not be believed when this operating system
 * ends in some other way.
 */
public final class AbandonedReset {
  /** One that was to be shut down and still runs then was never told. */
  private static final Duration SHUT_DOWN_MAX = Duration.ofMinutes(2);

  private AbandonedReset() {}

  /**
   * Takes back what was left. Cheap where nothing was.
   *
   * @param guests all of the host
   * @return those that may be served again
   */
  public static List<String> takeBack(HostPaths paths, List<String> guests) throws IOException {
    List<String> left = left(paths, guests);
    // Who takes it waits a little where it is held, and guests are looked at after this.
    if (left.isEmpty() || ResetLock.isHeld(paths)) {
      return List.of();
    }
    Optional<ResetLock> lock = ResetLock.take(paths);
    if (lock.isEmpty()) {
      return List.of();
    }
    try (ResetLock _ = lock.get()) {
      List<String> thawed = new ArrayList<>();
      PreservedMemory memory = new PreservedMemory(paths);
      @Nullable String problem = memory.bringUp().orElse(null);
      if (problem != null) {
        throw new IOException("preserved memory: " + problem);
      }
      memory.unseal();
      for (String name : left(paths, guests)) {
        if (thaw(paths, name)) {
          thawed.add(name);
        }
      }
      unload();
      return thawed;
    }
  }

  private static void unload() throws IOException {
    if (PreloadedKernel.isAny()) {
      Kexec.unload();
    }
  }

  private static List<String> left(HostPaths paths, List<String> guests) throws IOException {
    List<String> left = new ArrayList<>();
    for (String name : guests) {
      if (Freeze.standing(paths, name).isPresent()) {
        left.add(name);
      }
    }
    return left;
  }

  private static boolean thaw(HostPaths paths, String name) throws IOException {
    Optional<Freeze> freeze = Freeze.standing(paths, name);
    if (freeze.isPresent() && freeze.get().isHeld()) {
      boolean ended = Freeze.ended(paths, name).isPresent();
      if (!ended && freeze.get().at().plus(SHUT_DOWN_MAX).isAfter(Instant.now())) {
        return false;
      }
      if (ended) {
        GuestFiles files = GuestFiles.of(paths, name);
        files.clearOutcome();
        files.writeDesired(true);
      }
    }
    Freeze.thaw(paths, name);
    return true;
  }
}
