package io.tardigrade.care;

import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Replaces this host's operating system beneath its guests, where it is prepared for that. */
public interface ResetPort {
  /** Whether that could be done right now. Cheap: asked every few seconds. */
  Preserved preserved();

  /** What it would do to each guest that is to run. */
  List<GuestFate> fates() throws IOException;

  /**
   * What was sealed before the reset that ended the boot with this id; empty where that ended
   * otherwise.
   */
  Optional<Sealed> sealedBy(String bootId) throws IOException;

  /**
   * A reset that somebody asked for.
   *
   * @param reason why, in the words of whoever asked
   * @param at when all guests stood still
   * @param guests those
   */
  record Sealed(String reason, Instant at, List<String> guests) {
    /** Keeps a copy of the list. */
    public Sealed {
      guests = List.copyOf(guests);
    }
  }

  /**
   * Does it; returns only where it failed, with the guests going on as they were.
   *
   * @param reason one line, for the incidents of the guests
   */
  void reset(String reason) throws IOException;
}
