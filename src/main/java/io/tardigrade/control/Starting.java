package io.tardigrade.control;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Waits until a guest that is wanted running runs. */
final class Starting {
  private static final long RUNNING_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long POLL_MILLIS = 50;

  /** On a host so slow that a guest takes long, asking often takes its time away. */
  private static final int POLLS_WHILE_EAGER = 40;

  private final HostPaths paths;
  private final GuestControl control;
  private final Consumer<String> progress;

  Starting(HostPaths paths, GuestControl control, Consumer<String> progress) {
    this.paths = paths;
    this.control = control;
    this.progress = progress;
  }

  /** Returns when the guest runs, or has already run to its end. */
  void start(String name) throws IOException, InterruptedException {
    progress.accept("starting " + name);
    control.startWanted();
    awaitRunning(name, System.nanoTime() + RUNNING_NANOS_MAX);
  }

  private void awaitRunning(String name, long deadlineNanos)
      throws IOException, InterruptedException {
    GuestFiles files = GuestFiles.of(paths, name);
    int polls = 0;
    while (System.nanoTime() - deadlineNanos < 0) {
      Optional<GuestFiles.Outcome> outcome = files.outcome();
      if (outcome.isPresent()) {
        refuseFailure(name, outcome.get());
        return;
      }
      if (isRunning(name)) {
        return;
      }
      if (!files.exists()) {
        throw RefusedException.notFound("guest '" + name + "' was deleted while it started");
      }
      Thread.sleep(polls++ < POLLS_WHILE_EAGER ? POLL_MILLIS : 10 * POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '"
            + name
            + "' does not run after 120 s and is still being started; look at 'tardigrade show "
            + name
            + "' and at "
            + files.folder().resolve("guardian.log"));
  }

  private boolean isRunning(String name) {
    Optional<GuestStatus> status = control.status(name);
    if (status.isEmpty()) {
      return false;
    }
    GuestStatus.State state = status.get().state();
    if (state == GuestStatus.State.UNPROTECTED && status.get().reason() != null) {
      progress.accept(name + " is not protected: " + status.get().reason());
    }
    return state == GuestStatus.State.RUNNING || state == GuestStatus.State.UNPROTECTED;
  }

  private static void refuseFailure(String name, GuestFiles.Outcome outcome) throws IOException {
    if (outcome.state() == GuestStatus.State.FAILED) {
      throw new IOException("guest '" + name + "' did not start: " + outcome.reason());
    }
  }
}
