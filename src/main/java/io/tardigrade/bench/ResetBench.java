package io.tardigrade.bench;

import io.tardigrade.bench.ResetOptions.Part;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.lab.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * The benchmark of a host's reset: natively what is ours of it, in an emulated host all of it
 * beside a cold reboot.
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

  /** Takes the measures; nothing is left of them afterwards. */
  public Report run(ResetOptions options) throws IOException, InterruptedException {
    BenchRun run = new BenchRun(clock, progress);
    try (Workbench bench = Workbench.open(user, commands, progress)) {
      for (Part part : Part.values()) {
        if (options.parts().contains(part)) {
          run.take(Parts.text(part), findings -> take(part, options, bench, findings));
        }
      }
    }
    return run.report(options.quick(), ResetGoals.all(options));
  }

  private void take(Part part, ResetOptions options, Workbench bench, Findings findings)
      throws IOException, InterruptedException {
    switch (part) {
      case NATIVE -> new NativeResetMeasure(bench, options, findings).take();
      case CARE -> new CareMeasure(bench, options, findings).take();
      case LAB -> takeLab(options, bench, findings);
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
