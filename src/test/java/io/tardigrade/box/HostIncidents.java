package io.tardigrade.box;

import static org.awaitility.Awaitility.await;

import io.tardigrade.guest.Json;
import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The incidents of a box itself, as its agent tells them. */
final class HostIncidents {
  private static final Duration SHORT = Duration.ofMinutes(2);
  private static final Duration FELT_MAX = Duration.ofMinutes(4);

  private final HostBox box;

  HostIncidents(HostBox box) {
    this.box = box;
  }

  private String in(String script) throws IOException {
    return box.run(script, SHORT).orThrow().text();
  }

  /** The newest one of a cause. */
  private Optional<Incident> newest(String cause) throws IOException {
    String file =
        in(
            """
            cd /var/lib/tardigrade/incidents
            for file in $(ls -t); do
              case $file in *-host-*.json) grep -q '"cause" : "%s"' "$file" && echo "$file" && break ;; esac
            done
            true
            """
                .formatted(cause));
    if (file.isEmpty()) {
      return Optional.empty();
    }
    String text = in("cat /var/lib/tardigrade/incidents/" + file);
    return Optional.of(
        Json.parse("the incident", text, Incident.class).withId(file.replace(".json", "")));
  }

  /** The newest one, once it is of {@code cause} and tells how the guest {@code name} went on. */
  Incident awaitFelt(String cause, String name) throws IOException {
    return await("what " + name + " felt of " + cause)
        .atMost(FELT_MAX)
        .pollInterval(Duration.ofSeconds(3))
        .until(() -> newest(cause), found -> found.filter(i -> isFelt(i, name)).isPresent())
        .orElseThrow();
  }

  private static boolean isFelt(Incident incident, String name) {
    return texts(incident, "felt").stream().anyMatch(t -> t.startsWith(name + " stood still"));
  }

  /** Of a kind, such as {@code seen}. */
  static List<String> texts(Incident incident, String kind) {
    return incident.timeline().stream()
        .filter(step -> step.kind().equals(kind))
        .map(Incident.Step::text)
        .toList();
  }

  /** As a person sees it. */
  String shown(Incident incident) throws IOException {
    return in("tardigrade incident show " + incident.id());
  }

  /** What came of every reset that the ladder knows of, oldest first. */
  List<String> outcomesOfResets() throws IOException {
    return in("grep -o '\"outcome\":\"[A-Z]*' /var/lib/tardigrade/recovery.json | sed 's/.*\"//'")
        .lines()
        .toList();
  }
}
