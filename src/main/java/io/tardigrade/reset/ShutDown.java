package io.tardigrade.reset;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Shuts a guest down that is to boot again in the next operating system. One that nobody serves is
 * not waited for: it boots from its disk as that was committed last.
 */
final class ShutDown {
  private static final long STOP_MILLIS_MAX = 10_000;

  /** After that, for its end by force and its last writes. */
  private static final long END_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  private static final long POLL_MILLIS = 5;

  private ShutDown() {}

  /** Returns when it has ended; nobody serves it again before {@link Freeze#thaw}. */
  static void guest(HostPaths paths, String name) throws IOException {
    Freeze.hold(paths, name);
    Optional<ProcessHandle> guardian = ask(paths, name);
    if (guardian.isEmpty()) {
      return;
    }
    GuestFiles files = GuestFiles.of(paths, name);
    long deadline =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MILLIS_MAX) + END_NANOS_MAX;
    while (files.outcome().isEmpty()
        && guardian.get().isAlive()
        && System.nanoTime() - deadline < 0) {
      sleep();
    }
    files.clearOutcome();
    files.writeDesired(true);
  }

  /** The guardian that ends its guest now; empty where none answers. */
  private static Optional<ProcessHandle> ask(HostPaths paths, String name) {
    try {
      GuardianClient client = GuardianClient.connect(paths, name);
      @Nullable Long pid = client.status().guardian().pid();
      client.stop(STOP_MILLIS_MAX);
      return Optional.ofNullable(pid).flatMap(ProcessHandle::of);
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  private static void sleep() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
