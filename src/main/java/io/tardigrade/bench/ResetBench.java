package io.tardigrade.bench;

import io.tardigrade.bench.ResetOptions.Part;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.lab.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The benchmark of a host's reset: natively what is ours of it, in an emulated host all of it
 * beside a cold reboot. A part that fails does not keep the others from being taken.
 */
public final class ResetBench {
  private final HostPaths user;
  private final Commands commands;
  private final Consumer<String> progress;
  private final InstantSource clock;

  /**
   * A benchmark.
   *
   * @param user the user's own installation, whose cache is used and in whose lab a host is made
   * @param progress told what is going on, one line each
   */
  public ResetBench(
      HostPaths user, Commands commands, Consumer<String> progress, InstantSource clock) {
    this.user = user;
    this.commands = commands;
    this.progress = progress;
    this.clock = clock;
  }

  private interface Taking {
    void take(Workbench bench, Findings findings) throws IOException, InterruptedException;
  }

  /** Takes the measures; nothing is left of them afterwards. */
  public Report run(ResetOptions options) throws IOException, InterruptedException {
    long startNanos = System.nanoTime();
    BenchHost host = BenchHost.examine();
    if (host.isBusy()) {
      progress.accept("warning: others use this machine as well, load " + host.loadAverage());
    }
    Findings findings = new Findings();
    try (Workbench bench = Workbench.open(user, commands, progress)) {
      take(
          Part.NATIVE,
          options,
          bench,
          findings,
          (b, f) -> new NativeResetMeasure(b, options, f).take());
      take(Part.CARE, options, bench, findings, (b, f) -> new CareMeasure(b, options, f).take());
      take(Part.LAB, options, bench, findings, (b, f) -> takeLab(options, b, f));
    }
    List<String> groups = new ArrayList<>();
    for (Part part : Part.values()) {
      if (options.parts().contains(part)) {
        groups.add(part.text());
      }
    }
    List<Goal> goals = ResetGoals.all(options);
    return new Report(
        Report.VERSION,
        clock.instant(),
        options.quick(),
        host,
        findings.complete(goals, groups).stream().map(row -> row.withFactor(goals)).toList(),
        findings.details(),
        findings.failures(),
        (System.nanoTime() - startNanos) / 1e9);
  }

  private void take(
      Part part, ResetOptions options, Workbench bench, Findings findings, Taking taking)
      throws InterruptedException {
    if (!options.parts().contains(part)) {
      return;
    }
    try {
      taking.take(bench, findings);
    } catch (IOException | RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      findings.failed(part.text(), why);
      progress.accept(part.text() + " failed: " + why);
    }
  }

  private void takeLab(ResetOptions options, Workbench bench, Findings findings)
      throws IOException, InterruptedException {
    Path worker = WorkerProgram.in(bench.paths().state());
    try (LabResetMeasure measure =
        new LabResetMeasure(new Lab(user, progress), options, worker, findings, progress)) {
      measure.take();
    }
  }
}
