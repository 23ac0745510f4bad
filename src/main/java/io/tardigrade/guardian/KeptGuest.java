package io.tardigrade.guardian;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Ends the service of a guest that must not be resumed: its files stay, the reason is told. */
final class KeptGuest {
  private KeptGuest() {}

  static Outcome keep(
      HostPaths paths, String name, @Nullable PredecessorLoss loss, KeptException why)
      throws IOException {
    String text = "not resumed, all its files are kept: " + why.getMessage();
    Log.warn(text);
    GuestFiles.of(paths, name).writeDesired(false);
    try {
      new EventLog(paths.events()).append(name, "kept", text);
      var _ = new IncidentStore(paths.incidents()).save(incident(name, loss, why));
    } catch (IOException e) {
      Log.warn("incident: " + e.getMessage());
    }
    return new Outcome(
        GuestStatus.State.FAILED,
        text + "; 'start' gives its memory up and boots it from its disk",
        null,
        Instant.now());
  }

  private static Incident incident(String name, @Nullable PredecessorLoss loss, KeptException why) {
    Instant now = Instant.now();
    String cause = loss == null ? "image-refused" : loss.cause();
    String seen = loss == null ? "its image was found" : loss.description();
    String reason = String.valueOf(why.getMessage());
    return new Incident(
        "",
        name,
        loss == null ? now : loss.diedAt(),
        cause,
        cause + "; the guest was kept and not resumed: " + reason,
        List.of(reason),
        List.of(
            new Incident.Step(now, "seen", seen),
            new Incident.Step(now, "seen", reason),
            new Incident.Step(now, "decided", "resume nothing that is not whole; keep all files"),
            new Incident.Step(now, "felt", "the guest does not run")),
        loss == null ? Map.of() : loss.phases(),
        0,
        0,
        "kept");
  }
}
