package io.tardigrade.control;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/** Stops a guest and waits until it has ended. */
final class Stopping {
  private static final long POLL_MILLIS = 50;

  /** Ending by force, committing the last writes and taking down what belongs to it. */
  private static final long AFTER_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(20);

  /** A guardian that is being started answers within this, or there is none. */
  private static final long SILENCE_NANOS_MAX = TimeUnit.SECONDS.toNanos(3);

  private final HostPaths paths;
  private final GuestKeeper keeper;
  private final GuestControl control;
  private final InstantSource clock;

  Stopping(HostPaths paths, GuestKeeper keeper, GuestControl control, InstantSource clock) {
    this.paths = paths;
    this.keeper = keeper;
    this.control = control;
    this.clock = clock;
  }

  /**
   * Stops the guest.
   *
   * @param timeoutMillis how long it may take by itself
   * @return false where it had ended already
   */
  boolean stop(String name, long timeoutMillis) throws IOException, InterruptedException {
    GuestFiles files = keeper.find(name);
    if (!files.desiredRunning() && control.status(name).isEmpty()) {
      return false;
    }
    keeper.wantStopped(name);
    long start = System.nanoTime();
    long deadline = start + TimeUnit.MILLISECONDS.toNanos(timeoutMillis) + AFTER_TIMEOUT_NANOS;
    long silentSince = start;
    boolean asked = false;
    while (System.nanoTime() - deadline < 0) {
      boolean answers =
          asked ? control.status(name).isPresent() : control.stop(name, timeoutMillis);
      asked |= answers;
      if (answers) {
        silentSince = System.nanoTime();
      } else if (GuestFiles.of(paths, name).outcome().isPresent()) {
        return true;
      } else if (System.nanoTime() - silentSince > SILENCE_NANOS_MAX) {
        files.writeOutcome(
            new GuestFiles.Outcome(
                GuestStatus.State.STOPPED,
                "stopped by the user while no guardian answered",
                null,
                clock.instant()));
        return true;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '" + name + "' is still being stopped; 'tardigrade show " + name + "' tells more");
  }
}
