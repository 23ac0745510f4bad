package io.tardigrade.bench;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** One run of a benchmark: where it runs, what its parts find, and its report. */
final class BenchRun {
  private final long startNanos = System.nanoTime();
  private final InstantSource clock;
  private final Consumer<String> progress;
  private final Findings findings = new Findings();
  private final List<String> taken = new ArrayList<>();
  private BenchHost host;

  /** A part of a benchmark. */
  interface Part {
    void take(Findings findings) throws IOException, InterruptedException;
  }

  /** Begins it, with a warning where others use the machine as well. */
  BenchRun(InstantSource clock, Consumer<String> progress) throws IOException {
    this.clock = clock;
    this.progress = progress;
    this.host = BenchHost.examine();
    if (host.isBusy()) {
      progress.accept(
          "warning: the load average is "
              + host.loadAverage()
              + " on "
              + host.cores()
              + " cores: others take a part of the time measured");
    }
  }

  /** Takes a part. One that fails does not keep the others from being taken. */
  void take(String group, Part part) throws InterruptedException {
    taken.add(group);
    guard(group, part);
  }

  /** As {@link #take}, of what has no rows of its own. */
  void guard(String group, Part part) throws InterruptedException {
    try {
      part.take(findings);
    } catch (IOException | RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      findings.failed(group, why);
      progress.accept(group + " failed: " + why);
    }
  }

  /** What guests told of where they ran. */
  void ranOn(String accelerator, String engine) {
    host = host.with(accelerator, engine);
  }

  /** What was found, and each goal of what was taken. */
  Report report(boolean quick, List<Goal> goals) {
    return new Report(
        Report.VERSION,
        clock.instant(),
        quick,
        host,
        findings.complete(goals, taken).stream().map(row -> row.withFactor(goals)).toList(),
        findings.details(),
        findings.failures(),
        (System.nanoTime() - startNanos) / 1e9);
  }
}
