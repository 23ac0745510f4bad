package io.tardigrade.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How much longer a guest computes when it is protected. Timed by the host, since the guest's own
 * clock stands still in a pause; the answer's wait for its commit counts as well. Guests of two
 * kinds are there at once and compute in turns.
 */
final class ComputeMeasure implements Measure {
  private static final long UNITS_PROBED = 20;

  @Override
  public String name() {
    return "compute";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    List<String> program = List.of(WorkerProgram.in(bench.paths().state()).toString());
    bench.progress("compute: protected and unprotected in turns");
    Pair pair = pair(bench, Mode.UNPROTECTED, program, effort);
    Goal slowdown = Goals.computeSlowdown();
    findings.add(
        Row.of(slowdown)
            .unprotected(Pairing.median(pair.others()))
            .guarded(Pairing.median(pair.guarded()))
            .ratio(Pairing.ratio(pair.guarded(), pair.others()))
            .note(pair.guarded().size() + " jobs each")
            .judge(slowdown));
    findings.detail(name(), "protected and unprotected, seconds", pair);
    bench.progress("compute: protected and fixed timer in turns");
    Pair timer = pair(bench, Mode.FIXED_TIMER, program, effort);
    Goal against = Goals.computeAgainstTimer();
    findings.add(
        Row.of(against)
            .guarded(Pairing.median(timer.guarded()))
            .alternative(Pairing.median(timer.others()))
            .ratio(Pairing.ratio(timer.guarded(), timer.others()))
            .judge(against));
    findings.detail(name(), "protected and fixed timer, seconds", timer);
  }

  /** Durations of jobs in turns. */
  private record Pair(List<Double> guarded, List<Double> others) {}

  private static Pair pair(Workbench bench, Mode otherMode, List<String> program, Effort effort)
      throws IOException, InterruptedException {
    try (BenchGuest guarded = bench.start(Mode.PROTECTED, GuestSize.SMALL, program);
        BenchGuest other = bench.start(otherMode, GuestSize.SMALL, program);
        LineClient guardedWorker = guarded.connect(LineClient::worker);
        LineClient otherWorker = other.connect(LineClient::worker)) {
      guarded.awaitProtected();
      long units = units(guardedWorker, otherWorker, effort.jobSeconds());
      Pair pair = new Pair(new ArrayList<>(), new ArrayList<>());
      for (int i = 0; i < effort.jobs(); i++) {
        pair.others().add(otherWorker.time("s " + units, "ok"));
        pair.guarded().add(guardedWorker.time("s " + units, "ok"));
      }
      return pair;
    }
  }

  /** So many units take about as long as asked; both guests are warm then. */
  private static long units(LineClient guarded, LineClient other, double seconds)
      throws IOException {
    guarded.expect("s " + UNITS_PROBED, "ok");
    other.expect("s " + UNITS_PROBED, "ok");
    double probed = other.time("s " + UNITS_PROBED, "ok");
    guarded.expect("s " + UNITS_PROBED, "ok");
    return Math.max(UNITS_PROBED, Math.round(UNITS_PROBED * seconds / probed));
  }
}
