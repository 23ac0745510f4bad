package io.tardigrade.bench;

import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The blackout of a reset by phase, from what the host wrote down of it: its own incident and those
 * of its guests, all told by the clock of the new system. Pure.
 *
 * @param freeze from asking the first guest until all stand still, in seconds
 * @param seal until the manifest is sealed
 * @param kexecToKernel until the next kernel's clock begins
 * @param kernelToInit until its first process begins
 * @param initToAgent until the agent's process begins
 * @param agentToGuests until the last guest runs; without guests, until the agent was ready to look
 *     for some
 */
record ResetTimes(
    double freeze,
    double seal,
    double kexecToKernel,
    double kernelToInit,
    double initToAgent,
    double agentToGuests) {

  /**
   * From incidents.
   *
   * @param host its own
   * @param guests theirs
   * @throws IOException where a phase is missing
   */
  static ResetTimes of(Incident host, List<Incident> guests) throws IOException {
    double freeze = phase(host, "freeze");
    double seal = phase(host, "seal");
    double kexec = phase(host, "kexec to kernel");
    double kernel = phase(host, "kernel to init");
    double init = phase(host, "init to agent");
    Instant agentAt =
        host.at().plusNanos(Math.round((freeze + seal + kexec + kernel + init) * 1e9));
    double resume =
        guests.isEmpty()
            ? phase(host, "agent to guests")
            : guests.stream()
                .mapToDouble(guest -> seconds(agentAt, RecoveryTimes.running(guest)))
                .max()
                .orElseThrow();
    return new ResetTimes(freeze, seal, kexec, kernel, init, resume);
  }

  private static double phase(Incident incident, String name) throws IOException {
    Map<String, Double> phases = incident.phaseSeconds();
    Double seconds = phases.get(name);
    if (seconds == null) {
      throw new IOException(
          "the incident " + incident.id() + " tells no phase '" + name + "', only " + phases);
    }
    return seconds;
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e9;
  }

  /** From the jump to the agent's first instruction. */
  double kexecToAgent() {
    return kexecToKernel + kernelToInit + initToAgent;
  }

  /** From the new kernel's first process to the last guest. */
  double initToGuests() {
    return initToAgent + agentToGuests;
  }

  /** All of it, until the last guest runs. */
  double sum() {
    return freeze + seal + kexecToAgent() + agentToGuests;
  }
}
