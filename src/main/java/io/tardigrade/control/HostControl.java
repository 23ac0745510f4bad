package io.tardigrade.control;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.util.Optional;

/**
 * Guardians of this host. One that is there and does not answer, being stopped or hung, counts as
 * none: nothing hangs with it.
 */
public final class HostControl implements GuestControl {
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
  public void startWanted() {
    scan.run();
  }
}
