package io.tardigrade.control;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Quantities;
import io.tardigrade.preserve.Place;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a guest's committed image can be moved. Pure.
 *
 * @param reason one line, for people
 */
record MoveDecision(Kind kind, String reason) {
  /** What is to be done. */
  enum Kind {
    /** Move it. */
    MOVE,
    /** It lies there. */
    DONE_ALREADY,
    /** It cannot be moved now. */
    REFUSE
  }

  /**
   * What is known of the other place.
   *
   * @param there whether there is such a place on this host
   * @param freeBytes in it
   * @param neededBytes for the image
   */
  record Room(boolean there, long freeBytes, long neededBytes) {}

  /**
   * Decides.
   *
   * @param lies where the image lies, null where there is none
   * @param status what the guardian tells, empty where none answers
   */
  static MoveDecision of(
      String name, @Nullable Place lies, Place to, Room room, Optional<GuestStatus> status) {
    if (lies == to) {
      return new MoveDecision(Kind.DONE_ALREADY, name + " lies in " + to.text() + " memory");
    }
    String guest = "guest '" + name + "' ";
    if (status.isPresent() && status.get().replica() != null) {
      // What its store says of the image would stay behind.
      return refuse(
          guest
              + "is replicated, and its image is moved only without: 'tardigrade unprotect "
              + name
              + "', move, 'tardigrade protect "
              + name
              + "'");
    }
    if (lies == null || status.isEmpty()) {
      return refuse(
          guest + "does not run: one that is started lies in preserved memory where room lasts");
    }
    if (status.get().state() != GuestStatus.State.RUNNING) {
      @Nullable String why = status.get().reason();
      return refuse(
          guest
              + "is "
              + status.get().state()
              + (why == null ? "" : " (" + why + ")")
              + "; only one that runs and is protected can be moved");
    }
    if (!room.there()) {
      return refuse(
          "no memory is preserved on this host: 'tardigrade host preserve' prepares it, 'tardigrade"
              + " doctor' says what is missing");
    }
    if (room.freeBytes() < room.neededBytes()) {
      return refuse(
          to.text()
              + " memory has "
              + Quantities.bytes(room.freeBytes())
              + " free and "
              + Quantities.bytes(room.neededBytes())
              + " are needed; move or delete another guest");
    }
    return new MoveDecision(Kind.MOVE, guest + "is moved to " + to.text() + " memory");
  }

  private static MoveDecision refuse(String reason) {
    return new MoveDecision(Kind.REFUSE, reason);
  }
}
