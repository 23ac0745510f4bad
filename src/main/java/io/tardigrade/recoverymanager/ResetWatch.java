package io.tardigrade.recoverymanager;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.recovery.Moment;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * In the new operating system: looks every few seconds whether the guests run that were to come
 * back, and says once what came of it. One thread.
 */
final class ResetWatch {
  /** For all guests to run again. */
  private static final long RESUME_MILLIS_MAX = 300_000;

  /** Once they run, for what they felt to be written down. */
  private static final long FELT_MILLIS_MAX = 10_000;

  private static final long LOOK_MILLIS = 2_000;

  private final HostPaths paths;
  private final GuestList guests;
  private final Consumer<String> log;
  private long lookMillis = -1;
  private long sinceMillis;
  private long allRunMillis = -1;
  private Instant bootedAt = Instant.EPOCH;

  /**
   * What came of a reset.
   *
   * @param missing guests that do not run, though they should
   * @param felt a line for each guest
   */
  record Verdict(List<String> missing, List<String> felt) {
    String event() {
      return missing.isEmpty() ? "reset-done" : "reset-failed";
    }

    String sentence() {
      return missing.isEmpty()
          ? "a new operating system runs beneath all guests"
          : "in the new operating system these guests do not run: " + String.join(", ", missing);
    }
  }

  ResetWatch(HostPaths paths, GuestList guests, Consumer<String> log) {
    this.paths = paths;
    this.guests = guests;
    this.log = log;
  }

  /** The host is up again. */
  void begin(Moment now) {
    lookMillis = now.uptimeMillis();
    sinceMillis = now.uptimeMillis();
    allRunMillis = -1;
    bootedAt = Instant.ofEpochMilli(now.unixMillis() - now.uptimeMillis());
  }

  /** Looks, where it is time to; null while nothing can be said, and once it has been said. */
  @Nullable Verdict look(Moment now) {
    if (lookMillis < 0 || now.uptimeMillis() < lookMillis) {
      return null;
    }
    lookMillis = now.uptimeMillis() + LOOK_MILLIS;
    List<String> missing = new ArrayList<>();
    List<String> felt = new ArrayList<>();
    boolean lost = false;
    boolean told = true;
    try {
      for (GuestStatus guest : guests.all()) {
        boolean wanted = GuestFiles.of(paths, guest.name()).desiredRunning();
        boolean failed = guest.state() == GuestStatus.State.FAILED;
        lost |= failed;
        if (failed || (wanted && !guest.runsSomewhere())) {
          missing.add(guest.name());
          felt.add(guest.name() + " does not run" + because(guest));
        } else if (wanted && guest.state() == GuestStatus.State.BACKUP) {
          felt.add(guest.name() + " runs on another host");
        } else if (wanted) {
          Optional<String> line = felt(guest.name());
          told &= line.isPresent();
          felt.add(line.orElse(guest.name() + " runs, and has not told what it felt"));
        }
      }
    } catch (IOException e) {
      log.accept("guests after the reset: " + e.getMessage());
      return null;
    }
    if (missing.isEmpty() && allRunMillis < 0) {
      allRunMillis = now.uptimeMillis();
    }
    boolean done =
        missing.isEmpty() && (told || now.uptimeMillis() - allRunMillis > FELT_MILLIS_MAX);
    boolean late = now.uptimeMillis() - sinceMillis > RESUME_MILLIS_MAX;
    if (done || lost || late) {
      lookMillis = -1;
      return new Verdict(missing, felt);
    }
    return null;
  }

  private static String because(GuestStatus guest) {
    return guest.reason() == null ? "" : ": " + guest.reason();
  }

  /** From the guest's own incident, which its guardian writes once the guest runs. */
  private Optional<String> felt(String guest) throws IOException {
    return new IncidentStore(paths.incidents())
        .newestOf(guest)
        .filter(incident -> isOfThisBoot(incident))
        .map(incident ->
            incident.blackoutSeconds() == 0
                ? guest + " was " + incident.outcome() + ", see incident " + incident.id()
                : guest
                    + " stood still for "
                    + Quantities.seconds(incident.blackoutSeconds())
                    + " and went on, see incident "
                    + incident.id());
  }

  private boolean isOfThisBoot(Incident incident) {
    return !incident.timeline().isEmpty()
        && incident.timeline().getLast().at().isAfter(bootedAt)
        && incident.cause().startsWith("host-");
  }
}
