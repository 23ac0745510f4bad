package io.tardigrade.cli;

import io.tardigrade.agent.AgentLauncher;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Guardians and agent of this host. A guardian that is there and does not answer, being stopped or
 * hung, counts as none: no command hangs with it.
 */
final class HostControl implements GuestControl {
  private static final long ANSWER_MILLIS_MAX = 2000;

  private final HostPaths paths;

  HostControl(HostPaths paths) {
    this.paths = paths;
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
  public SocketChannel console(String guest) throws IOException {
    return GuardianClient.connect(paths, guest).console();
  }

  @Override
  public void ensureAgent() throws IOException {
    AgentLauncher.ensureRunning(paths);
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
