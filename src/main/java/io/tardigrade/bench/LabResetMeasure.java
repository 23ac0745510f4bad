package io.tardigrade.bench;

import io.tardigrade.incident.Incident;
import io.tardigrade.lab.Lab;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Resets of an emulated host beneath its guests, each beside a cold reboot of the same host with
 * the same guests, which start again from their disks: the power is cut and comes back at once, in
 * favour of the reboot, for nothing is shut down in order and no firmware of a real machine is
 * waited for. The phases are those that the host writes down; what clients feel is measured by
 * clients outside of it.
 */
final class LabResetMeasure implements Closeable {
  private static final String GROUP = ResetOptions.Part.LAB.text();
  private static final long ANSWER_NANOS_MAX = TimeUnit.MINUTES.toNanos(20);

  private final ResetOptions options;
  private final Findings findings;
  private final Consumer<String> progress;
  private final LabMachine machine;
  private final Map<String, ReplyWatch> clients = new LinkedHashMap<>();
  private @Nullable ResetTimes floor;

  /** Boots the host. */
  LabResetMeasure(
      Lab lab, ResetOptions options, Path worker, Findings findings, Consumer<String> progress)
      throws IOException {
    this.options = options;
    this.findings = findings;
    this.progress = progress;
    progress.accept("lab: booting a host");
    this.machine = LabMachine.boot(lab, options, worker, progress);
  }

  /** What one load felt. */
  private record Felt(double worst, double median) {}

  void take() throws IOException, InterruptedException {
    floor = floor();
    long memory = options.memoryBytes().getFirst();
    for (LabLoad load : LabLoad.of(options)) {
      if (load.memoryBytes() != memory) {
        end();
        memory = load.memoryBytes();
      }
      grow(load);
      measure(load);
    }
  }

  private ResetTimes floor() throws IOException, InterruptedException {
    progress.accept("lab: reset without guests");
    machine.awaitResettable(0);
    machine.reset();
    List<Incident> told = machine.incidents(List.of());
    ResetTimes times = ResetTimes.of(told.getFirst(), List.of());
    add("no guests: seal", times.seal(), "what cannot be less, with any number of guests");
    add("no guests: kexec to the next kernel", times.kexecToKernel(), "");
    add("no guests: kernel to its init", times.kernelToInit(), "");
    add("no guests: init to agent", times.initToAgent(), "");
    add("no guests: agent to its look for guests", times.agentToGuests(), "");
    add("no guests: in all", times.sum(), "");
    findings.detail(GROUP, "no guests", told);
    return times;
  }

  private void add(String title, double seconds, String note) {
    findings.add(Row.info(GROUP, title, Quantity.SECONDS).guarded(seconds).note(note));
  }

  private void grow(LabLoad load) throws IOException, InterruptedException {
    while (clients.size() < load.guests()) {
      String name = "g%d-%d".formatted(load.memoryBytes() >> 20, clients.size() + 1);
      ReplyWatch client = new ReplyWatch(machine.start(name, load.memoryBytes()), askMillis());
      clients.put(name, client);
      client.awaitReply(ANSWER_NANOS_MAX);
    }
    openAll();
  }

  /** All clients together ask some eight times a second. */
  private long askMillis() {
    return Math.max(500, 125L * options.guests().getLast());
  }

  private void openAll() throws IOException, InterruptedException {
    for (ReplyWatch client : clients.values()) {
      client.drop();
      client.open(ANSWER_NANOS_MAX);
    }
  }

  private void end() throws IOException {
    for (ReplyWatch client : clients.values()) {
      client.close();
    }
    machine.delete(List.copyOf(clients.keySet()));
    clients.clear();
  }

  private void measure(LabLoad load) throws IOException, InterruptedException {
    machine.awaitResettable(load.guests());
    progress.accept("lab: " + load.title() + "reset");
    clients.values().forEach(ReplyWatch::reset);
    machine.reset();
    for (ReplyWatch client : clients.values()) {
      client.awaitKept(ANSWER_NANOS_MAX);
    }
    Felt felt = felt();
    progress.accept("lab: %sthe last client waited %.1f s".formatted(load.title(), felt.worst()));
    List<Incident> told = machine.incidents(List.copyOf(clients.keySet()));
    ResetTimes times = ResetTimes.of(told.getFirst(), told.subList(1, told.size()));

    progress.accept("lab: " + load.title() + "cold reboot");
    for (ReplyWatch client : clients.values()) {
      client.drop();
      client.reset();
    }
    machine.reboot();
    for (ReplyWatch client : clients.values()) {
      client.awaitReply(ANSWER_NANOS_MAX);
    }
    Felt rebooted = felt();
    progress.accept(
        "lab: %sblackout until all guests ran %.1f s, of it %.1f s after the next kernel's init;"
                .formatted(load.title(), times.sum(), times.initToGuests())
            + " cold reboot %.1f s at the last client".formatted(rebooted.worst()));
    report(load, times, felt, rebooted);
    findings.detail(GROUP, load.title() + "incidents", told);
    openAll();
  }

  private Felt felt() {
    List<Double> silences =
        clients.values().stream().map(ReplyWatch::longestSilenceSeconds).toList();
    double worst = silences.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    return new Felt(worst, Pairing.median(silences));
  }

  private void report(LabLoad load, ResetTimes times, Felt reset, Felt reboot) {
    String title = load.title();
    ResetTimes least = floor == null ? times : floor;
    addBeside(title + "freeze", times.freeze(), null);
    addBeside(title + "seal", times.seal(), least.seal());
    addBeside(
        title + "kexec to the agent's first instruction",
        times.kexecToAgent(),
        least.kexecToAgent());
    addBeside(title + "agent to all guests running", times.agentToGuests(), null);
    addBeside(title + "first reply to the last client", reset.worst() - times.sum(), null);
    Goal fromInit = ResetGoals.fromInit(load);
    findings.add(
        Row.of(fromInit)
            .guarded(times.initToGuests())
            .alternative(least.initToGuests())
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
            .alternative(least.sum())
            .ratio(reset.worst() / reboot.worst())
            .judge(whole));
  }

  private void addBeside(String title, double seconds, @Nullable Double least) {
    Row row = Row.info(GROUP, title, Quantity.SECONDS).guarded(seconds);
    findings.add(least == null ? row : row.alternative(least));
  }

  @Override
  public void close() throws IOException {
    for (ReplyWatch client : clients.values()) {
      client.close();
    }
    machine.close();
  }
}
