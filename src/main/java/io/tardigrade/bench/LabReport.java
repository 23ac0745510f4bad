package io.tardigrade.bench;

import org.jspecify.annotations.Nullable;

/** The rows of what was measured in a lab host, each beside a reset without guests. Pure. */
final class LabReport {
  private static final String GROUP = Parts.text(ResetOptions.Part.LAB);

  private final Findings findings;
  private final ResetTimes floor;

  /** What clients waited, in seconds: the one who waited longest, and the one in the middle. */
  record Felt(double worst, double median) {}

  /**
   * Begins with the floor.
   *
   * @param floor a reset without guests
   */
  LabReport(Findings findings, ResetTimes floor) {
    this.findings = findings;
    this.floor = floor;
    add("no guests: seal", floor.seal(), "what cannot be less, with any number of guests");
    add("no guests: kexec to the next kernel", floor.kexecToKernel(), "");
    add("no guests: kernel to its init", floor.kernelToInit(), "");
    add("no guests: init to agent", floor.initToAgent(), "");
    add("no guests: agent to its look for guests", floor.agentToGuests(), "");
    add("no guests: in all", floor.sum(), "");
  }

  private void add(String title, double seconds, String note) {
    findings.add(Row.info(GROUP, title, Quantity.SECONDS).guarded(seconds).note(note));
  }

  /**
   * Adds one load.
   *
   * @param times of its reset, as the host wrote them down
   * @param reset what clients waited then
   * @param reboot what they waited at a cold reboot
   */
  void add(LabLoad load, ResetTimes times, Felt reset, Felt reboot) {
    String title = load.title();
    addBeside(title + "freeze", times.freeze(), null);
    addBeside(title + "seal", times.seal(), floor.seal());
    addBeside(
        title + "kexec to the agent's first instruction",
        times.kexecToAgent(),
        floor.kexecToAgent());
    addBeside(title + "agent to all guests running", times.agentToGuests(), null);
    addBeside(title + "first reply to the last client", reset.worst() - times.sum(), null);
    Goal fromInit = ResetGoals.fromInit(load);
    findings.add(
        Row.of(fromInit)
            .guarded(times.initToGuests())
            .alternative(floor.initToGuests())
            .judge(fromInit));
    findings.add(
        Row.info(GROUP, title + "blackout at the client in the middle", Quantity.SECONDS)
            .unprotected(reboot.median())
            .guarded(reset.median())
            .ratio(reset.median() / reboot.median()));
    Goal whole = ResetGoals.againstReboot(load);
    findings.add(
        Row.of(whole)
            .unprotected(reboot.worst())
            .guarded(reset.worst())
            .alternative(floor.sum())
            .ratio(reset.worst() / reboot.worst())
            .judge(whole));
  }

  private void addBeside(String title, double seconds, @Nullable Double least) {
    Row row = Row.info(GROUP, title, Quantity.SECONDS).guarded(seconds);
    findings.add(least == null ? row : row.alternative(least));
  }
}
