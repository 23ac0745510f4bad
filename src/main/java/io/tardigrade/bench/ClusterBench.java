package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The benchmark of guests that other hosts keep, in a lab of three hosts of its own. A part that
 * fails does not keep the others from being taken.
 */
public final class ClusterBench {
  private final HostPaths user;
  private final Consumer<String> progress;
  private final InstantSource clock;

  /**
   * A benchmark.
   *
   * @param user the user's own installation, of which only the cache is touched
   * @param progress told what is going on, one line each
   */
  public ClusterBench(HostPaths user, Consumer<String> progress, InstantSource clock) {
    this.user = user;
    this.progress = progress;
    this.clock = clock;
  }

  /** Takes the measures; nothing is left of them afterwards. */
  public Report run(ClusterOptions options) throws IOException, InterruptedException {
    long startNanos = System.nanoTime();
    BenchHost host = BenchHost.examine();
    if (host.isBusy()) {
      progress.accept("warning: others use this machine as well, load " + host.loadAverage());
    }
    Findings findings = new Findings();
    List<String> groups = new ArrayList<>();
    for (Part part : Part.values()) {
      if (options.parts().contains(part)) {
        groups.add(part.text());
        take(part, options, findings);
      }
    }
    List<Goal> goals = ClusterGoals.all(options);
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

  /** Each in a lab of its own: what one has done to its hosts does not count for the next. */
  private void take(Part part, ClusterOptions options, Findings findings)
      throws InterruptedException {
    try (ClusterBed bed = ClusterBed.open(user, progress)) {
      switch (part) {
        case LATENCY -> new ClusterLatency(bed, options, findings).take();
        case WIRE -> new ClusterWire(bed, options, findings).take();
        case BLACKOUT -> new ClusterBlackout(bed, options, findings).take();
        case MEMORY -> new ClusterMemory(bed, options, findings).take();
        case LOAD -> new ClusterLoad(bed, options, findings).take();
      }
    } catch (IOException | RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      findings.failed(part.text(), why);
      progress.accept(part.text() + " failed: " + why);
    }
  }
}
