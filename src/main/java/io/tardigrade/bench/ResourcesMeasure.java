package io.tardigrade.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Computing time of guardian, hypervisor and spare: of an idle guest beyond that of an unprotected
 * one in the same seconds, and of the guardian under load.
 */
final class ResourcesMeasure implements Measure {
  private static final long WINDOW_SECONDS = 10;
  private static final int PINGS = 2000;

  @Override
  public String name() {
    return "resources";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    bench.progress("resources: starting guests");
    try (BenchGuest guarded = bench.start(Mode.PROTECTED, GuestSize.SMALL, RedisMeasure.REDIS);
        BenchGuest without = bench.start(Mode.UNPROTECTED, GuestSize.SMALL, RedisMeasure.REDIS)) {
      double[] loaded = {underLoad(without), underLoad(guarded)};
      findings.add(
          Row.info(name(), "CPU of the guardian under PING", Quantity.CORES)
              .unprotected(loaded[0])
              .guarded(loaded[1])
              .difference(loaded[1] - loaded[0]));
      guarded.awaitProtected();
      Thread.sleep(5000);
      idle(bench, guarded, without, effort, findings);
    }
  }

  private void idle(
      Workbench bench, BenchGuest guarded, BenchGuest without, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    List<Double> with = new ArrayList<>();
    List<Double> beside = new ArrayList<>();
    for (int i = 1; i <= effort.idleWindows(); i++) {
      bench.progress("resources: idle, window " + i + " of " + effort.idleWindows());
      Usage a = new Usage(guarded);
      Usage b = new Usage(without);
      TimeUnit.SECONDS.sleep(WINDOW_SECONDS);
      with.add(a.cores());
      beside.add(b.cores());
    }
    Goal goal = Goals.idle();
    findings.add(
        Row.of(goal)
            .unprotected(Pairing.median(beside))
            .guarded(Pairing.median(with))
            .difference(Pairing.difference(with, beside))
            .note("guardian, hypervisor and spare; " + with.size() + " windows of 10 s")
            .judge(goal));
    findings.detail(name(), "idle, protected, cores", with);
    findings.detail(name(), "idle, unprotected, cores", beside);
  }

  private static double underLoad(BenchGuest guest) throws IOException, InterruptedException {
    try (LineClient client = guest.connect(LineClient::redis)) {
      for (int i = 0; i < PINGS / 10; i++) {
        client.expect("PING", "+PONG");
      }
      long guardian = guest.processes().getFirst();
      double before = ProcFile.cpuSeconds(guardian);
      long start = System.nanoTime();
      for (int i = 0; i < PINGS; i++) {
        client.expect("PING", "+PONG");
      }
      return (ProcFile.cpuSeconds(guardian) - before) / ((System.nanoTime() - start) / 1e9);
    }
  }

  /** What a guest's processes compute from now on. */
  private static final class Usage {
    private final BenchGuest guest;
    private final List<Long> processes;
    private final double cpuSeconds;
    private final long startNanos = System.nanoTime();

    Usage(BenchGuest guest) throws IOException {
      this.guest = guest;
      this.processes = guest.processes();
      this.cpuSeconds = sum(processes);
    }

    /** Cores used on average. */
    double cores() throws IOException {
      if (!new HashSet<>(processes).equals(new HashSet<>(guest.processes()))) {
        throw new IOException("the guest's processes changed while it was to be idle");
      }
      return (sum(processes) - cpuSeconds) / ((System.nanoTime() - startNanos) / 1e9);
    }

    private static double sum(List<Long> processes) throws IOException {
      double sum = 0;
      for (long process : processes) {
        sum += ProcFile.cpuSeconds(process);
      }
      return sum;
    }
  }
}
