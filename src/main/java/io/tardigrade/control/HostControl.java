package io.tardigrade.control;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Guardians of this host. One that is there and does not answer, being stopped or hung, counts as
 * none: nothing hangs with it.
 */
public final class HostControl implements GuestControl {
  private static final long ANSWER_MILLIS_MAX = 2000;

  private final HostPaths paths;
  private final Runnable scan;

  /**
   * The guardians under these paths.
   *
   * @param scan looks at the guests and starts guardians where they are missing
   */
  public HostControl(HostPaths paths, Runnable scan) {
    this.paths = paths;
    this.scan = scan;
  }

  @Override
  public Optional<GuestStatus> status(String guest) {
    return ask(() -> GuardianClient.connect(paths, guest).status());
  }

  @Override
  public boolean stop(String guest, long timeoutMillis) {
    return ask(
            () -> {
              GuardianClient.connect(paths, guest).stop(timeoutMillis);
              return true;
            })
        .isPresent();
  }

  @Override
  public void startWanted() {
    scan.run();
  }

  private static <T> Optional<T> ask(Callable<T> question) {
    FutureTask<T> task = new FutureTask<>(question);
    Thread.ofVirtual().start(task);
    try {
      return Optional.of(task.get(ANSWER_MILLIS_MAX, TimeUnit.MILLISECONDS));
    } catch (TimeoutException | ExecutionException e) {
      // Interrupting closes the connection.
      task.cancel(true);
      return Optional.empty();
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
