package io.tardigrade.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How much longer a guest computes when it is protected. Timed by the host, since the guest's own
 * clock stands still in a pause; the answer's wait for its commit counts as well. A protected and
 * an unprotected guest are there at once and compute in turns. One on a fixed timer would disturb
 * the other even while it is idle, so there the turns are of guests that are alone.
 */
final class ComputeMeasure implements Measure {
  private static final long UNITS_PROBED = 20;
  private static final int TURNS_ALONE = 2;

  @Override
  public String name() {
    return "compute";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    List<String> program = List.of(WorkerProgram.in(bench.paths().state()).toString());
    bench.progress("compute: protected and unprotected in turns");
    Pair pair = together(bench, program, effort);
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
    Pair timer = alone(bench, program, effort);
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

  private static Pair together(Workbench bench, List<String> program, Effort effort)
      throws IOException, InterruptedException {
    try (BenchGuest guarded = bench.start(Mode.PROTECTED, GuestSize.SMALL, program);
        BenchGuest other = bench.start(Mode.UNPROTECTED, GuestSize.SMALL, program);
        LineClient guardedWorker = guarded.connect(LineClient::worker);
        LineClient otherWorker = other.connect(LineClient::worker)) {
      guarded.awaitProtected();
      warmUp(guardedWorker);
      warmUp(otherWorker);
      long units = units(otherWorker, effort);
      Pair pair = new Pair(new ArrayList<>(), new ArrayList<>());
      for (int i = 0; i < effort.jobs(); i++) {
        pair.others().add(otherWorker.time("s " + units, "ok"));
        pair.guarded().add(guardedWorker.time("s " + units, "ok"));
      }
      return pair;
    }
  }

  private static Pair alone(Workbench bench, List<String> program, Effort effort)
      throws IOException, InterruptedException {
    Pair pair = new Pair(new ArrayList<>(), new ArrayList<>());
    long units = 0;
    for (int turn = 0; turn < TURNS_ALONE; turn++) {
      for (Mode mode : List.of(Mode.PROTECTED, Mode.FIXED_TIMER)) {
        List<Double> seconds = mode == Mode.PROTECTED ? pair.guarded() : pair.others();
        try (BenchGuest guest = bench.start(mode, GuestSize.SMALL, program);
            LineClient worker = guest.connect(LineClient::worker)) {
          guest.awaitProtected();
          warmUp(worker);
          units = units == 0 ? units(worker, effort) : units;
          for (int i = 0; i < effort.jobs() / TURNS_ALONE; i++) {
            seconds.add(worker.time("s " + units, "ok"));
          }
        }
      }
    }
    return pair;
  }

  private static void warmUp(LineClient worker) throws IOException {
    worker.expect("s " + UNITS_PROBED, "ok");
  }

  /** So many units take about as long as is wanted. */
  private static long units(LineClient worker, Effort effort) throws IOException {
    double probed = worker.time("s " + UNITS_PROBED, "ok");
    return Math.max(UNITS_PROBED, Math.round(UNITS_PROBED * effort.jobSeconds() / probed));
  }
}
