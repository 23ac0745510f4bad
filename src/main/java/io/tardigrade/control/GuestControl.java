package io.tardigrade.control;

import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.util.Optional;

/** What is asked of guardians, and of whoever starts them. */
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

  /** Sees to it that guests that are to run are looked at, and guardians started, at once. */
  void startWanted() throws IOException;
}
