package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * How long a guest with one backup is away when it is switched over, and when the power of its host
 * is cut, while a client counts in it on one connection; and how long until a third host is its
 * backup. Times until it runs are told by its incident and begin before the command that cuts the
 * power; the client's is its longest wait for an answer. Beside it QEMU's own live migration of the
 * same guest.
 */
final class ClusterBlackout {
  private static final String GROUP = Parts.text(Part.BLACKOUT);
  private static final long ANSWERS_BETWEEN = 50;
  private static final long INCIDENT_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);
  private static final long READY_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);
  private static final long POLL_MILLIS = 50;
  private static final String SUM = "all";
  private static final String FIRST_OUTPUT = "first output after";

  private final ClusterBed bed;
  private final ClusterOptions options;
  private final Findings findings;

  ClusterBlackout(ClusterBed bed, ClusterOptions options, Findings findings) {
    this.bed = bed;
    this.options = options;
    this.findings = findings;
  }

  /** What was seen of one way to change the host. */
  private static final class Seen {
    final Samples client = new Samples();
    final Samples running = new Samples();
    final Samples protectedAgain = new Samples();
    final Map<String, Samples> phases = new LinkedHashMap<>();

    void phases(Map<String, Double> seconds) {
      seconds.forEach((phase, value) -> {
        if (!phase.equals(SUM)) {
          phases.computeIfAbsent(phase, _ -> new Samples()).add(value);
        }
      });
    }
  }

  void take() throws IOException, InterruptedException {
    Seen switchovers = new Seen();
    Seen takeovers = new Seen();
    try (ClusterGuest guest = bed.start(1, GuestSize.SMALL.option(), List.of(), ClusterBed.REDIS);
        CountingClient client = new CountingClient(guest.redis())) {
      for (int i = 1; i <= options.switchovers(); i++) {
        bed.progress("blackout: switchover " + i + " of " + options.switchovers());
        switchOver(guest, client, switchovers);
      }
      for (int i = 1; i <= options.takeovers(); i++) {
        bed.progress("blackout: power cut " + i + " of " + options.takeovers());
        cutPower(guest, client, takeovers);
      }
    }
    bed.progress("blackout: QEMU's live migration");
    LiveMigration.Seen migrated = new LiveMigration(bed).take(options.switchovers());
    reportSwitchovers(switchovers, migrated);
    reportTakeovers(takeovers);
  }

  private void switchOver(ClusterGuest guest, CountingClient client, Seen seen)
      throws IOException, InterruptedException {
    String from = guest.awaitProtected().host().name();
    client.await(ANSWERS_BETWEEN);
    client.resetWait();
    var _ = bed.tardigrade(from, List.of("switchover", guest.name()));
    ClusterGuest.At now = guest.awaitProtected(from);
    client.await(ANSWERS_BETWEEN);
    seen.client.add(client.longestWaitSeconds());
    GuestStatus.Replica replica = now.status().replica();
    if (replica != null) {
      seen.phases(replica.takeoverSeconds());
    }
  }

  private void cutPower(ClusterGuest guest, CountingClient client, Seen seen)
      throws IOException, InterruptedException {
    String victim = guest.awaitProtected().host().name();
    client.await(ANSWERS_BETWEEN);
    client.resetWait();
    Instant cut = Instant.now();
    long cutNanos = System.nanoTime();
    bed.lab().kill(victim);
    client.await(ANSWERS_BETWEEN);
    seen.client.add(client.longestWaitSeconds());
    ClusterGuest.At now = guest.awaitProtected(victim);
    seen.protectedAgain.add((System.nanoTime() - cutNanos) / 1e9);
    Incident incident = incidentAfter(guest, now, cut);
    seen.running.add(RecoveryTimes.secondsUntilRunning(cut, incident));
    seen.phases(incident.phaseSeconds());
    bed.lab().start(victim);
    awaitReady(victim);
  }

  private static Incident incidentAfter(ClusterGuest guest, ClusterGuest.At now, Instant moment)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + INCIDENT_NANOS_MAX;
    while (true) {
      Optional<Incident> newest = guest.incidentAfter(now.host().paths(), moment);
      boolean late = System.nanoTime() - deadline > 0;
      if (newest.isPresent() && (late || newest.get().phaseSeconds().containsKey(FIRST_OUTPUT))) {
        return newest.get();
      }
      if (late) {
        throw new IOException("no incident was recorded after the power was cut at " + moment);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  /** Waits until a host that was started is back in its cluster, and all others with it. */
  private void awaitReady(String host) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    while (System.nanoTime() - deadline < 0) {
      if (isReady(host)) {
        return;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new IOException(host + " is not back in its cluster in time");
  }

  private boolean isReady(String host) throws IOException {
    String told;
    try {
      told = bed.tardigrade(host, List.of("host", "list", "-o", "json"));
    } catch (IOException e) {
      // Its agent is being started.
      return false;
    }
    int ready = 0;
    for (JsonNode each : Json.parse("what 'host list' says", told, JsonNode.class)) {
      ready += each.path("state").asString("").equalsIgnoreCase("ready") ? 1 : 0;
    }
    return ready == bed.hosts().size();
  }

  private void reportSwitchovers(Seen seen, LiveMigration.Seen migrated) {
    for (String of : ClusterGoals.OF) {
      Goal goal = ClusterGoals.switchover(of);
      findings.add(
          Row.of(goal)
              .guarded(of(seen.client, of))
              .alternative(of(migrated.client(), of))
              .note(
                  "%d of them; peer: QEMU's live migration, by a client that finds the guest at"
                          .formatted(seen.client.size())
                      + " once")
              .judge(goal));
    }
    phases("switchover", seen);
    findings.add(
        Row.info(GROUP, "switchover: downtime as QEMU tells it, p50", Quantity.SECONDS)
            .alternative(migrated.downtime().median()));
    findings.add(
        Row.info(GROUP, "switchover: whole migration, p50", Quantity.SECONDS)
            .alternative(migrated.whole().median()));
    findings.detail(GROUP, "switchover, client seconds", seen.client.toArray());
    findings.detail(GROUP, "live migration, client seconds", migrated.client().toArray());
    findings.detail(GROUP, "live migration, downtime seconds", migrated.downtime().toArray());
  }

  private static double of(Samples samples, String of) {
    return of.equals("p50") ? samples.median() : samples.max();
  }

  private void phases(String what, Seen seen) {
    seen.phases.forEach((phase, seconds) ->
        findings.add(
            Row.info(GROUP, what + ": phase '" + phase + "', p50", Quantity.SECONDS)
                .guarded(seconds.median())
                .note("worst " + Quantity.SECONDS.text(seconds.max()))));
  }

  private void reportTakeovers(Seen seen) {
    for (String of : ClusterGoals.OF) {
      Goal goal = ClusterGoals.takeover(of);
      findings.add(
          Row.of(goal)
              .guarded(of(seen.running, of))
              .note(seen.running.size() + " power cuts")
              .judge(goal));
    }
    for (String of : ClusterGoals.OF) {
      findings.add(
          Row.info(GROUP, "machine lost: client without an answer, " + of, Quantity.SECONDS)
              .guarded(of(seen.client, of)));
    }
    phases("machine lost", seen);
    for (String of : ClusterGoals.OF) {
      findings.add(
          Row.info(GROUP, "machine lost: a third host is its backup, " + of, Quantity.SECONDS)
              .guarded(of(seen.protectedAgain, of)));
    }
    findings.detail(GROUP, "machine lost, running after seconds", seen.running.toArray());
    findings.detail(GROUP, "machine lost, client seconds", seen.client.toArray());
    findings.detail(GROUP, "machine lost, protected again seconds", seen.protectedAgain.toArray());
  }
}
