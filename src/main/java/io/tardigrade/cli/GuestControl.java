package io.tardigrade.cli;

import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/** What the command line asks of agent and guardians. */
public interface GuestControl {
  /** The status a guest's guardian tells; empty where none answers. */
  Optional<GuestStatus> status(String guest);

  /**
   * Asks the guardian to stop the guest, and does not wait for it.
   *
   * @param timeoutMillis how long the guest may take before it is ended by force
   * @return false where no guardian answers
   */
  boolean stop(String guest, long timeoutMillis);

  /** A connection to the guest's console: bytes both ways. */
  SocketChannel console(String guest) throws IOException;

  /** Sees to it that the host's agent runs and looks at the guests' files at once. */
  void ensureAgent() throws IOException;
}
