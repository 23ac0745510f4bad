package io.tardigrade.bench;

import io.tardigrade.bench.LabReport.Felt;
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

/**
 * Resets of an emulated host beneath its guests, each beside a cold reboot of the same host with
 * the same guests, which start again from their disks: the power is cut and comes back at once, in
 * favour of the reboot, for nothing is shut down in order and no firmware of a real machine is
 * waited for. The phases are those that the host writes down; what clients feel is measured by
 * clients outside of it.
 */
final class LabResetMeasure implements Closeable {
  private static final String GROUP = Parts.text(ResetOptions.Part.LAB);

  /** Between two questions of all clients together, each of which asks for a checkpoint. */
  private static final long ASK_MILLIS = 500;

  private static final long ANSWER_NANOS_MAX = TimeUnit.MINUTES.toNanos(20);

  private final ResetOptions options;
  private final Findings findings;
  private final Consumer<String> progress;
  private final LabMachine machine;
  private final Map<String, ReplyWatch> clients = new LinkedHashMap<>();

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

  void take() throws IOException, InterruptedException {
    LabReport report = new LabReport(findings, floor());
    long memory = 0;
    for (LabLoad load : LabLoad.of(options)) {
      if (load.memoryBytes() != memory) {
        end();
        memory = load.memoryBytes();
      }
      grow(load);
      measure(load, report);
    }
  }

  private ResetTimes floor() throws IOException, InterruptedException {
    progress.accept("lab: reset without guests");
    machine.awaitResettable(0);
    machine.reset();
    List<Incident> told = machine.incidents(List.of());
    ResetTimes times = ResetTimes.of(told.getFirst(), List.of());
    findings.detail(GROUP, "no guests", told);
    return times;
  }

  private void grow(LabLoad load) throws IOException, InterruptedException {
    // What others ask for would slow the starts down.
    for (ReplyWatch client : clients.values()) {
      client.rest();
    }
    while (clients.size() < load.guests()) {
      String name = "g%d-%d".formatted(load.memoryBytes() >> 20, clients.size() + 1);
      ReplyWatch client = new ReplyWatch(machine.start(name, load.memoryBytes()));
      clients.put(name, client);
      client.awaitReply(ANSWER_NANOS_MAX);
      client.rest();
    }
    openAll();
  }

  private void openAll() throws IOException, InterruptedException {
    for (ReplyWatch client : clients.values()) {
      client.drop();
      client.open(ASK_MILLIS * clients.size(), ANSWER_NANOS_MAX);
    }
  }

  private void end() throws IOException {
    for (ReplyWatch client : clients.values()) {
      client.close();
    }
    machine.delete(List.copyOf(clients.keySet()));
    clients.clear();
  }

  private void measure(LabLoad load, LabReport report) throws IOException, InterruptedException {
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
    report.add(load, times, felt, rebooted);
    findings.detail(GROUP, load.title() + "incidents", told);
    openAll();
  }

  private Felt felt() {
    List<Double> silences =
        clients.values().stream().map(ReplyWatch::longestSilenceSeconds).toList();
    double worst = silences.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    return new Felt(worst, Pairing.median(silences));
  }

  @Override
  public void close() throws IOException {
    for (ReplyWatch client : clients.values()) {
      client.close();
    }
    machine.close();
  }
}
