package io.tardigrade.reset;

import com.fasterxml.jackson.annotation.JsonValue;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.Place;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a reset of the host does to a guest, said before anything starts. Pure.
 *
 * @param guest its name
 * @param fate what becomes of it
 * @param reason one line
 * @param host that it runs on before the reset begins; null where it stays
 */
public record GuestFate(String guest, Fate fate, String reason, @Nullable String host) {
  /** What becomes of a guest. */
  public enum Fate {
    /** Stands still, and goes on with its memory and its connections. */
    RESUME,
    /** Is shut down, and boots from its disk in the new operating system. */
    RESTART,
    /** Runs on another host before the reset begins, and does not feel it. */
    SWITCH_OVER,
    /** Runs on another host; the replica here goes, and is synchronised anew. */
    RETURNS,
    /** Does not run, and will not. */
    STAYS_STOPPED;

    /** As it is printed. */
    @JsonValue
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * Tells a guest's fate.
   *
   * @param wanted whether it is to run
   * @param place where its image lies, null where it has none
   * @param preserved whether preserved memory is mounted
   * @param status what its guardian says, empty where none answers
   */
  public static GuestFate of(
      String guest,
      boolean wanted,
      @Nullable Place place,
      boolean preserved,
      Optional<GuestStatus> status) {
    if (!wanted) {
      return new GuestFate(guest, Fate.STAYS_STOPPED, "it is stopped", null);
    }
    GuestStatus.@Nullable Replica replica = status.map(GuestStatus::replica).orElse(null);
    if (replica != null && isElsewhere(replica)) {
      return elsewhere(guest, replica);
    }
    if (replica != null && !replica.role().equals("primary")) {
      return restart(guest, "whether it runs here cannot be told just now; try again");
    }
    if (place == null || status.isEmpty()) {
      return restart(guest, "no guardian answers for it");
    }
    if (place == Place.ORDINARY) {
      return restart(
          guest,
          "its committed image lies in ordinary memory"
              + (replica == null
                  ? "; 'tardigrade move " + guest + " --to preserved' moves it"
                  : ", and no backup of it is ready; wait until one is"));
    }
    if (!preserved) {
      return restart(guest, "preserved memory is not mounted");
    }
    GuestStatus now = status.get();
    return switch (now.state()) {
      case RUNNING ->
          new GuestFate(
              guest,
              Fate.RESUME,
              "protected, at epoch "
                  + now.protection().committedEpoch()
                  + " now"
                  + (replica == null ? "" : "; no backup of it is ready"),
              null);
      case RECOVERING -> restart(guest, "it is just being recovered; wait for that");
      case BACKUP -> restart(guest, "whether it runs here cannot be told just now; try again");
      case STARTING -> restart(guest, "nothing of it is committed yet");
      case UNPROTECTED -> restart(guest, now.reason() == null ? "unprotected" : now.reason());
      case STOPPED, FAILED -> restart(guest, "it has just ended");
    };
  }

  /** Whether another host runs it, or can. */
  private static boolean isElsewhere(GuestStatus.Replica replica) {
    return (replica.role().equals("backup") && !replica.primary().isEmpty())
        || (replica.role().equals("primary") && !replica.backups().isEmpty());
  }

  private static GuestFate elsewhere(String guest, GuestStatus.Replica replica) {
    if (replica.role().equals("backup")) {
      String primary = replica.primary();
      return new GuestFate(
          guest, Fate.RETURNS, primary + " runs it; this replica is synchronised anew", null);
    }
    String host = replica.backups().getFirst();
    return new GuestFate(guest, Fate.SWITCH_OVER, host + " holds all of it and runs it then", host);
  }

  /**
   * Refuses a reset by which a guest would lose its memory.
   *
   * @param agreed whether that is agreed to
   */
  public static void refuseLosses(List<GuestFate> fates, boolean agreed) {
    String lost =
        fates.stream()
            .filter(fate -> fate.fate() == Fate.RESTART)
            .map(fate -> fate.guest() + " (" + fate.reason() + ")")
            .collect(Collectors.joining(", "));
    if (!lost.isEmpty() && !agreed) {
      throw RefusedException.conflict(
          "these guests would lose their memory: "
              + lost
              + "; --restart-others goes on all the same");
    }
  }

  private static GuestFate restart(String guest, String reason) {
    return new GuestFate(guest, Fate.RESTART, reason, null);
  }
}
