package io.tardigrade.guardian;

import io.tardigrade.core.RecoveryPolicy.Attempts;
import io.tardigrade.core.RecoveryPolicy.Decision;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus.Recoveries;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.qemu.HypervisorLostException;
import io.tardigrade.qemu.QmpException;
import java.io.Closeable;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happened at each recovery: an incident with its timeline and the blackout by phase.
 * Files are written by a thread of its own, behind the recovery.
 */
final class RecoveryJournal implements Closeable {
  private static final String MEMORY_CORRUPTED = "memory-corrupted";

  /** Where memory fails by the thousand pages the events tell of the rest. */
  private static final int DAMAGE_INCIDENTS_PER_HOUR_MAX = 20;

  private final String guest;
  private final GuestFiles files;
  private final IncidentStore store;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("journal").daemon().factory());
  private volatile Recoveries recoveries;
  private volatile Map<String, Double> lastPhases = Map.of();
  private Instant damageHourStart = Instant.MIN.plus(Duration.ofDays(1));
  private int damageIncidents;

  RecoveryJournal(HostPaths paths, String guest, GuestFiles files) throws IOException {
    this.guest = guest;
    this.files = files;
    this.store = new IncidentStore(paths.incidents());
    this.recoveries = files.recoveries();
  }

  /** Where the time of the last recovery went, in seconds by phase; empty before the first. */
  Map<String, Double> lastPhases() {
    return lastPhases;
  }

  Recoveries recoveries() {
    return recoveries;
  }

  /**
   * A hypervisor that hangs has been standing still since it was asked, one that died was noticed
   * at once.
   */
  static Instant lastSeenAlive(IOException cause, long hangTimeoutMillis) {
    boolean hung =
        cause instanceof HypervisorLostException lost
            && lost.kind() == HypervisorLostException.Kind.HUNG;
    return hung ? Instant.now().minusMillis(hangTimeoutMillis) : Instant.now();
  }

  /** The word for a loss, the same each time. */
  static String causeOf(IOException cause) {
    if (cause instanceof HypervisorLostException lost
        && lost.kind() == HypervisorLostException.Kind.HUNG) {
      return "hypervisor-hung";
    }
    if (cause instanceof HypervisorLostException lost
        && lost.kind() == HypervisorLostException.Kind.DAMAGED) {
      return MEMORY_CORRUPTED;
    }
    // What it refuses, or says wrongly, it says alive; any other error is its end being noticed.
    return cause instanceof QmpException || cause instanceof ProtocolException
        ? "hypervisor-failed"
        : "hypervisor-died";
  }

  /**
   * A recovery starts; {@code at} is when the failure was noticed, or happened where that is known.
   */
  Entry begin(String cause, Instant at) {
    return new Entry(cause, at, Map.of());
  }

  /** As {@link #begin(String, Instant)}, where it is known where the time since went. */
  Entry begin(String cause, Instant at, Map<String, Double> before) {
    return new Entry(cause, at, before);
  }

  /** The guest runs on with nothing committed; not a recovery, but an incident. */
  void protectionLost(String why, long epoch) {
    Instant now = Instant.now();
    Incident incident =
        new Incident(
            "",
            guest,
            now,
            "protection-lost",
            "Protection was lost: " + why,
            List.of(why),
            List.of(
                new Incident.Step(now, "seen", why),
                new Incident.Step(
                    now, "decided", "let the guest run on and try again every second"),
                new Incident.Step(
                    now, "felt", "nothing; a failure now would boot the guest from its disk")),
            Map.of(),
            0,
            epoch,
            "unprotected");
    writer.execute(() -> save(incident));
  }

  /** A page of the guest's memory changed without being written; no recovery, but an incident. */
  void memoryDamaged(PageDamage damage, Runnable also) {
    Instant now = Instant.now();
    writer.execute(() -> {
      also.run();
      if (damageHourStart.isBefore(now.minus(Duration.ofHours(1)))) {
        damageHourStart = now;
        damageIncidents = 0;
      }
      if (damageIncidents++ < DAMAGE_INCIDENTS_PER_HOUR_MAX) {
        save(incidentOf(damage, now));
      }
    });
  }

  private Incident incidentOf(PageDamage damage, Instant at) {
    return new Incident(
        "",
        guest,
        at,
        MEMORY_CORRUPTED,
        damage.headline(),
        List.of(damage.seen()),
        List.of(
            new Incident.Step(at, "seen", damage.seen()),
            new Incident.Step(at, "decided", damage.decided()),
            new Incident.Step(at, "done", damage.outcome()),
            new Incident.Step(at, "felt", damage.felt())),
        Map.of(),
        0,
        damage.epoch(),
        damage.outcome());
  }

  private Incident save(Incident incident) {
    try {
      return store.save(incident);
    } catch (IOException e) {
      Log.warn("incident: " + e.getMessage());
      return incident;
    }
  }

  /** Waits for what is still to be written. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(10, TimeUnit.SECONDS)) {
        Log.warn("incidents were still being written after 10 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One recovery. Main thread, but for {@link #firstOutput}. */
  final class Entry {
    private final String cause;
    private final Instant at;
    private final long startNanos;
    private final List<String> evidence = new ArrayList<>();
    private final List<Incident.Step> timeline = new ArrayList<>();
    private final Map<String, Double> phases = new LinkedHashMap<>();
    private long phaseNanos;
    private double blackoutSeconds;
    private @Nullable Incident ready;

    private Entry(String cause, Instant at, Map<String, Double> known) {
      this.cause = cause;
      this.at = at;
      this.phaseNanos = System.nanoTime();
      double before = Duration.between(at, Instant.now()).toNanos() / 1e9;
      this.startNanos = phaseNanos - (long) (before * 1e9);
      phases.putAll(known);
      double rest = before - known.values().stream().mapToDouble(Double::doubleValue).sum();
      if (rest > 0.001) {
        phases.put(known.isEmpty() ? "notice" : "open", rest);
      }
    }

    /** What was seen; where a line follows, what the host's agent decided upon it. */
    void seen(String text) {
      String[] lines = text.split("\n", 2);
      step("seen", lines[0]);
      if (lines.length > 1) {
        step("decided", lines[1].strip());
      }
    }

    /** The phase named just ended. */
    void phase(String name) {
      long now = System.nanoTime();
      phases.merge(name, (now - phaseNanos) / 1e9, Double::sum);
      phaseNanos = now;
    }

    void gatherEvidence(Instance old, IOException cause) {
      evidence.add("monitor: " + cause.getMessage());
      long pid = old.hypervisor().pid();
      String stderr = old.hypervisor().stderrTail();
      writer.execute(() -> {
        String ending = ending(old);
        synchronized (evidence) {
          evidence.add("hypervisor " + pid + " ended with " + ending);
          if (!stderr.isEmpty()) {
            evidence.add("stderr" + stderr);
          }
        }
      });
    }

    private static String ending(Instance old) {
      try {
        if (old.hypervisor().awaitEnd(5000)) {
          return String.valueOf(old.hypervisor().ending());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return "no status within 5 s";
    }

    void decided(Decision decision, Attempts attempts, long epoch) {
      String text =
          switch (decision) {
            case RESUME ->
                "resume from committed epoch " + epoch + " (attempt " + attempts.count() + ")";
            case BOOT -> "boot from disk: no checkpoint in memory holds what clients have seen";
            case GIVE_UP -> "give up: every hypervisor resumed from epoch " + epoch + " was lost";
          };
      step("decided", text);
    }

    private void step(String kind, String text) {
      timeline.add(new Incident.Step(Instant.now(), kind, text));
    }

    void resumed(long replayedFrames) {
      blackoutSeconds = (System.nanoTime() - startNanos) / 1e9;
      Map<String, Double> all = new LinkedHashMap<>(phases);
      all.put("all", blackoutSeconds);
      lastPhases = all;
      step("done", "resumed; " + replayedFrames + " frames let in again");
      step(
          "felt",
          String.format(Locale.ROOT, "the guest stood still for %.1f ms", blackoutSeconds * 1000));
    }

    /** A guest that was resumed keeps its memory: nothing is left that could refuse it. */
    void recovered(long epoch) {
      finish(epoch, "recovered");
    }

    void booted() {
      blackoutSeconds = (System.nanoTime() - startNanos) / 1e9;
      step("done", "booted from disk");
      step("felt", "the guest lost its memory and its connections");
      finish(0, "restarted");
    }

    void givenUp(String text) {
      step("done", text);
      finish(0, "given up");
    }

    private void finish(long epoch, String outcome) {
      synchronized (evidence) {
        ready = incident(epoch, outcome);
      }
      writer.execute(() -> write(epoch, outcome));
    }

    private Incident incident(long epoch, String outcome) {
      return new Incident(
          "",
          guest,
          at,
          cause,
          headline(),
          evidence,
          timeline,
          phases,
          blackoutSeconds,
          epoch,
          outcome);
    }

    private void write(long epoch, String outcome) {
      Incident saved;
      synchronized (evidence) {
        saved = save(incident(epoch, outcome));
        ready = saved;
      }
      recoveries =
          new Recoveries(
              recoveries.count() + 1,
              cause,
              blackoutSeconds,
              saved.id().isEmpty() ? null : saved.id());
      try {
        files.writeRecoveries(recoveries);
      } catch (IOException e) {
        Log.warn("recoveries: " + e.getMessage());
      }
    }

    /** The first output after the recovery has left. */
    void firstOutput() {
      double seconds = (System.nanoTime() - startNanos) / 1e9;
      writer.execute(() -> {
        synchronized (evidence) {
          Incident current = ready;
          if (current == null || current.id().isEmpty()) {
            return;
          }
          try {
            store.update(current.withPhase("first output after", seconds));
          } catch (IOException e) {
            Log.warn("incident: " + e.getMessage());
          }
        }
      });
    }

    /** One sentence. */
    String headline() {
      return cause
          + String.format(Locale.ROOT, "; guest stood still for %.1f ms", blackoutSeconds * 1000);
    }
  }
}
