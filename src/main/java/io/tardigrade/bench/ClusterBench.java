package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.time.InstantSource;
import java.util.function.Consumer;

/** The benchmark of guests that other hosts keep, in a lab of three hosts of its own. */
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
    BenchRun run = new BenchRun(clock, progress);
    for (Part part : Part.values()) {
      if (options.parts().contains(part)) {
        run.take(Parts.text(part), findings -> take(part, options, findings));
      }
    }
    return run.report(options.quick(), ClusterGoals.all(options));
  }

  /** Each in a lab of its own: what one has done to its hosts does not count for the next. */
  private void take(Part part, ClusterOptions options, Findings findings)
      throws IOException, InterruptedException {
    try (ClusterBed bed = ClusterBed.open(user, progress)) {
      switch (part) {
        case LATENCY -> new ClusterLatency(bed, options, findings).take();
        case WIRE -> new ClusterWire(bed, options, findings).take();
        case BLACKOUT -> new ClusterBlackout(bed, options, findings).take();
        case MEMORY -> new ClusterMemory(bed, options, findings).take();
        case LOAD -> new ClusterLoad(bed, options, findings).take();
      }
    }
  }
}
