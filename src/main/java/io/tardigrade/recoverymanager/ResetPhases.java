package io.tardigrade.recoverymanager;

import io.tardigrade.incident.Incident;
import io.tardigrade.monitor.Words;
import io.tardigrade.recoverymanager.ResetPort.Booted;
import io.tardigrade.recoverymanager.ResetPort.Sealed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the time went when the host's operating system was replaced, for the host's incident; those
 * of the guests tell what each of them felt. Pure.
 *
 * @param sealed what was frozen before; null where nothing was, the host having been lost
 * @param booted the boot after
 */
record ResetPhases(@Nullable Sealed sealed, Booted booted) {

  /** Seconds by phase, in order. */
  Map<String, Double> seconds() {
    Map<String, Double> phases = new LinkedHashMap<>();
    if (sealed != null) {
      phases.put("freeze", seconds(sealed.begunAt(), sealed.frozenAt()));
      phases.put("seal", seconds(sealed.frozenAt(), sealed.sealedAt()));
      phases.put("kexec to kernel", seconds(sealed.sealedAt(), booted.kernelAt()));
    }
    Instant init = booted.initAt();
    if (init == null) {
      phases.put("kernel to agent", seconds(booted.kernelAt(), booted.agentAt()));
    } else {
      phases.put("kernel to init", seconds(booted.kernelAt(), init));
      phases.put("init to agent", seconds(init, booted.agentAt()));
    }
    phases.put("agent to guests", seconds(booted.agentAt(), booted.resumedAt()));
    return phases;
  }

  /** From the first guest standing still until all run; 0 where the first is not known. */
  double blackoutSeconds() {
    return sealed == null ? 0 : seconds(sealed.begunAt(), booted.resumedAt());
  }

  /** What to keep with the incident. */
  List<String> evidence() {
    return sealed == null
        ? List.of()
        : List.of("the boot that was ended: " + sealed.bootId(), "its kernel: " + sealed.kernel());
  }

  /** What was done and seen on the way, in order. */
  List<Incident.Step> steps() {
    List<Incident.Step> steps = new ArrayList<>();
    if (sealed != null) {
      step(steps, sealed.frozenAt(), "done", standStill(sealed.guests()));
      step(steps, sealed.sealedAt(), "done", "manifest sealed, jump into the next kernel");
    }
    step(steps, booted.kernelAt(), "seen", "the next kernel runs");
    Instant init = booted.initAt();
    if (init != null) {
      step(steps, init, "seen", "its first process runs");
    }
    step(steps, booted.agentAt(), "seen", "the agent runs");
    step(steps, booted.resumedAt(), "done", "all guests run that could go on");
    return steps;
  }

  private static String standStill(List<String> guests) {
    return guests.isEmpty()
        ? "no guest was to be frozen"
        : Words.count(guests.size(), "guest") + " stood still: " + String.join(", ", guests);
  }

  private static double seconds(Instant from, Instant to) {
    return Math.max(0, Duration.between(from, to).toNanos() / 1e9);
  }

  private static void step(List<Incident.Step> steps, Instant at, String kind, String text) {
    steps.add(new Incident.Step(at, kind, text));
  }
}
