package io.tardigrade.care;

import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.util.List;

/** Replaces this host's operating system beneath its guests, where it is prepared for that. */
public interface ResetPort {
  /** Whether that could be done right now. Cheap: asked every few seconds. */
  Preserved preserved();

  /** What it would do to each guest that is to run. */
  List<GuestFate> fates() throws IOException;

  /**
   * Does it; returns only where it failed, with the guests going on as they were.
   *
   * @param reason one line, for the incidents of the guests
   */
  void reset(String reason) throws IOException;
}
