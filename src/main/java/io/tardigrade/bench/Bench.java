package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The benchmark: takes its measures one after the other in an installation of its own. A measure
 * that fails does not keep the others from being taken.
 */
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
    long startNanos = System.nanoTime();
    BenchHost host = BenchHost.examine();
    if (host.isBusy()) {
      progress.accept(
          "warning: the load average is "
              + host.loadAverage()
              + " on "
              + host.cores()
              + " cores: others take a part of the time measured");
    }
    Findings findings = new Findings();
    List<String> taken = new ArrayList<>();
    try (Workbench bench = Workbench.open(user, commands, progress)) {
      host = withGuest(host, bench, findings);
      for (Supplier<Measure> each : MEASURES) {
        Measure measure = each.get();
        if (wanted.contains(measure.name())) {
          taken.add(measure.name());
          take(measure, bench, new Effort(quick), findings);
        }
      }
    }
    return new Report(
        Report.VERSION,
        clock.instant(),
        quick,
        host,
        findings.complete(Goals.all(), taken),
        findings.details(),
        findings.failures(),
        (System.nanoTime() - startNanos) / 1e9);
  }

  private void take(Measure measure, Workbench bench, Effort effort, Findings findings)
      throws InterruptedException {
    try {
      measure.take(bench, effort, findings);
    } catch (IOException | RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      findings.failed(measure.name(), why);
      progress.accept(measure.name() + " failed: " + why);
    }
  }

  /** A first guest fills the cache and tells what the others will run on. */
  private static BenchHost withGuest(BenchHost host, Workbench bench, Findings findings)
      throws InterruptedException {
    bench.progress("starting a first guest");
    try (BenchGuest guest = bench.start(Mode.PROTECTED, GuestSize.SMALL, RedisMeasure.REDIS)) {
      GuestStatus status = guest.awaitProtected();
      String engine = status.protection().engine();
      return host.with(status.accelerator(), engine == null ? "unknown" : engine);
    } catch (IOException e) {
      findings.failed("host", String.valueOf(e.getMessage()));
      return host;
    }
  }
}
