package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.linux.Command;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.BootTimes;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.PreservedMemory;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the time went when the host's operating system was replaced: an incident of the host, once
 * per reset, written by the first agent of the system after it and behind the guests' resumption.
 * Those of the guests tell what each of them felt.
 */
final class ResetPhases {
  /** The incident's cause. */
  static final String CAUSE = "system-replaced";

  private static final String HOST = "host";

  private ResetPhases() {}

  /**
   * The moments of a reset, by one clock.
   *
   * @param begunAt when the first guest was asked to stand still
   * @param frozenAt when all stood still
   * @param sealedAt when the manifest was sealed
   * @param kernelAt when the next kernel's clock began
   * @param initAt when it started the first process; null where that is not known
   * @param agentAt when the agent's process began
   * @param resumedAt when every guest that could go on did
   */
  record Moments(
      Instant begunAt,
      Instant frozenAt,
      Instant sealedAt,
      Instant kernelAt,
      @Nullable Instant initAt,
      Instant agentAt,
      Instant resumedAt) {

    /** Seconds by phase, in order. */
    Map<String, Double> seconds() {
      Map<String, Double> phases = new LinkedHashMap<>();
      phases.put("freeze", seconds(begunAt, frozenAt));
      phases.put("seal", seconds(frozenAt, sealedAt));
      phases.put("kexec to kernel", seconds(sealedAt, kernelAt));
      if (initAt == null) {
        phases.put("kernel to agent", seconds(kernelAt, agentAt));
      } else {
        phases.put("kernel to init", seconds(kernelAt, initAt));
        phases.put("init to agent", seconds(initAt, agentAt));
      }
      phases.put("agent to guests", seconds(agentAt, resumedAt));
      return phases;
    }

    double total() {
      return seconds(begunAt, resumedAt);
    }

    private static double seconds(Instant from, Instant to) {
      return Math.max(0, Duration.between(from, to).toNanos() / 1e9);
    }
  }

  /** Tells of the reset that this boot came from, if it came from one and nobody has told. */
  static void tell(HostPaths paths, Instant resumedAt, Consumer<String> log) {
    try {
      Optional<Manifest> sealed = new PreservedMemory(paths).newestManifest();
      IncidentStore store = new IncidentStore(paths.incidents());
      if (sealed.isEmpty()
          || sealed.get().bootId().equals(BootId.current())
          || isTold(store, sealed.get())) {
        return;
      }
      Manifest manifest = sealed.get().onClockSetForward(sealed.get().setForward());
      var _ = store.save(incident(manifest, moments(manifest, resumedAt)));
    } catch (IOException | RuntimeException e) {
      log.accept("the story of the reset: " + e.getMessage());
    }
  }

  private static Moments moments(Manifest manifest, Instant resumedAt) throws IOException {
    Instant begunAt = manifest.begunAt();
    BootTimes boot = BootTimes.of(Command.attempt("dmesg").stdout());
    return new Moments(
        begunAt == null ? manifest.frozenAt() : begunAt,
        manifest.frozenAt(),
        manifest.sealedAt(),
        boot.kernel(),
        boot.init(),
        BootTimes.of(ProcessHandle.current().pid()),
        resumedAt);
  }

  private static boolean isTold(IncidentStore store, Manifest manifest) throws IOException {
    String mark = mark(manifest);
    return store.list().stream()
        .anyMatch(i -> i.cause().equals(CAUSE) && i.evidence().contains(mark));
  }

  private static String mark(Manifest manifest) {
    return "the boot that was ended: " + manifest.bootId();
  }

  static Incident incident(Manifest manifest, Moments moments) {
    int guests = manifest.guests().size();
    List<Incident.Step> timeline = new ArrayList<>();
    step(timeline, moments.begunAt(), "decided", "replace the system: " + manifest.reason());
    step(timeline, moments.frozenAt(), "done", guests + " guests stand still");
    step(timeline, moments.sealedAt(), "done", "manifest sealed, jump into the next kernel");
    step(timeline, moments.kernelAt(), "seen", "the next kernel runs");
    Instant init = moments.initAt();
    if (init != null) {
      step(timeline, init, "seen", "its first process runs");
    }
    step(timeline, moments.agentAt(), "seen", "the agent runs");
    step(timeline, moments.resumedAt(), "done", "all guests run that could go on");
    step(timeline, moments.resumedAt(), "felt", "each guest tells by an incident of its own");
    return new Incident(
        "",
        HOST,
        moments.begunAt(),
        CAUSE,
        "The operating system was replaced (%s): %d guests, %s in all"
            .formatted(manifest.reason(), guests, Quantities.seconds(moments.total())),
        List.of(mark(manifest), "its kernel: " + manifest.kernel()),
        timeline,
        moments.seconds(),
        moments.total(),
        0,
        "over");
  }

  private static void step(List<Incident.Step> timeline, Instant at, String kind, String text) {
    timeline.add(new Incident.Step(at, kind, text));
  }
}
