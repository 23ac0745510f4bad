package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The benchmark: takes its measures one after the other in an installation of its own. */
public final class Bench {
  private static final List<Supplier<Measure>> MEASURES =
      List.of(
          PauseMeasure::new,
          RedisMeasure::new,
          ComputeMeasure::new,
          RecoveryMeasure::new,
          ResourcesMeasure::new,
          AlternativesMeasure::new);

  private final HostPaths user;
  private final Commands commands;
  private final Consumer<String> progress;
  private final InstantSource clock;

  /**
   * A benchmark.
   *
   * @param user the user's own installation, of which only the cache is touched
   * @param progress told what is going on, one line each
   */
  public Bench(HostPaths user, Commands commands, Consumer<String> progress, InstantSource clock) {
    this.user = user;
    this.commands = commands;
    this.progress = progress;
    this.clock = clock;
  }

  /** Names of all measures, in their order. */
  public static List<String> names() {
    return MEASURES.stream().map(measure -> measure.get().name()).toList();
  }

  /**
   * Takes measures.
   *
   * @param only names of those to take; all where it is empty
   * @throws UsageException where there is no measure of such a name
   */
  public Report run(boolean quick, List<String> only) throws IOException, InterruptedException {
    Set<String> wanted = new LinkedHashSet<>(only.isEmpty() ? names() : only);
    for (String name : wanted) {
      if (!names().contains(name)) {
        throw new UsageException(
            "there is no measure '" + name + "'; there are " + String.join(", ", names()));
      }
    }
    BenchRun run = new BenchRun(clock, progress);
    try (Workbench bench = Workbench.open(user, commands, progress)) {
      run.guard("host", _ -> askGuest(bench, run));
      for (Supplier<Measure> each : MEASURES) {
        Measure measure = each.get();
        if (wanted.contains(measure.name())) {
          run.take(measure.name(), findings -> measure.take(bench, new Effort(quick), findings));
        }
      }
    }
    return run.report(quick, Goals.all());
  }

  /** A first guest fills the cache and tells what the others will run on. */
  private static void askGuest(Workbench bench, BenchRun run)
      throws IOException, InterruptedException {
    bench.progress("starting a first guest");
    try (BenchGuest guest = bench.start(Mode.PROTECTED, GuestSize.SMALL, RedisMeasure.REDIS)) {
      GuestStatus status = guest.awaitProtected();
      String engine = status.protection().engine();
      run.ranOn(status.accelerator(), engine == null ? BenchHost.UNKNOWN : engine);
    }
  }
}
