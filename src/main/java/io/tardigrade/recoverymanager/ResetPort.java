package io.tardigrade.recoverymanager;

import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Replaces this host's operating system beneath its guests, where it is prepared for that. */
public interface ResetPort {
  /** Whether that could be done right now. Cheap: asked every few seconds. */
  Preserved preserved();

  /** What it would do to each guest that is to run. */
  List<GuestFate> fates() throws IOException;

  /**
   * In one line which other host of the cluster is being repaired, or that it cannot be told; empty
   * where none is. May wait for others, as {@link #fates} may.
   */
  String otherRepair();

  /**
   * Has guests of this host run on their backups.
   *
   * @param reason one line, for people of other hosts
   * @throws IOException where one does not go, or another host is being repaired
   */
  void switchOver(List<String> guests, String reason) throws IOException;

  /**
   * What was sealed before the reset that ended the boot with this id; empty where that ended
   * otherwise.
   */
  Optional<Sealed> sealedBy(String bootId) throws IOException;

  /**
   * A reset for which guests were frozen, by the clock of the system that runs now.
   *
   * @param reason why, in the words of whoever asked
   * @param begunAt when the first guest was asked to stand still
   * @param frozenAt when all stood still
   * @param sealedAt when that was sealed, just before the jump
   * @param bootId of the boot that was ended
   * @param kernel release of its kernel
   * @param guests those frozen
   */
  record Sealed(
      String reason,
      Instant begunAt,
      Instant frozenAt,
      Instant sealedAt,
      String bootId,
      String kernel,
      List<String> guests) {
    /** Keeps a copy of the list. */
    public Sealed {
      guests = List.copyOf(guests);
    }
  }

  /**
   * When this boot came so far that guests ran. Asks programs, so on a thread that nobody waits
   * for.
   */
  Booted booted() throws IOException;

  /**
   * The moments of a boot.
   *
   * @param kernelAt when the kernel's clock began
   * @param initAt when it started the first process; null where that is not known
   * @param agentAt when the agent's process began
   * @param resumedAt when every guest that could go on did
   */
  record Booted(Instant kernelAt, @Nullable Instant initAt, Instant agentAt, Instant resumedAt) {}

  /**
   * Does it; returns only where it failed, with the guests going on as they were.
   *
   * @param reason one line, for the incidents of the guests
   */
  void reset(String reason) throws IOException;
}
