package io.tardigrade.cli;

import io.tardigrade.agent.AgentLauncher;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * Guardians and agent of this host. A guardian that is there and does not answer, being stopped or
 * hung, counts as none: no command hangs with it.
 */
final class HostControl implements GuestControl {
  private final HostPaths paths;

  HostControl(HostPaths paths) {
    this.paths = paths;
  }

  @Override
  public Optional<GuestStatus> status(String guest) {
    try {
      return Optional.of(GuardianClient.connect(paths, guest).status());
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  @Override
  public boolean stop(String guest, long timeoutMillis) {
    try {
      GuardianClient.connect(paths, guest).stop(timeoutMillis);
      return true;
    } catch (IOException none) {
      return false;
    }
  }

  @Override
  public SocketChannel console(String guest) throws IOException {
    return GuardianClient.connect(paths, guest).console();
  }

  @Override
  public void ensureAgent() throws IOException {
    AgentLauncher.ensureRunning(paths);
  }
}
