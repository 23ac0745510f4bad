package io.tardigrade.bench;

import io.tardigrade.guest.Quantities;
import io.tardigrade.process.AgentLauncher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What scrubbing a guest's memory and watching over the host take of a core, while a guest of 512
 * MiB, half of it in use, sleeps. By the kernel's account of threads (nanoseconds on a processor,
 * /proc/PID/task/TID/schedstat).
 */
final class CareMeasure {
  private static final String GROUP = Parts.text(ResetOptions.Part.CARE);
  private static final long WINDOW_SECONDS = 10;
  private static final long MEMORY_BYTES = 512L << 20;
  private static final int PAGE_BYTES = 4096;
  private static final long ANSWER_MILLIS_MAX = 10_000;

  /** The agent's main thread, which decides, bears the program's name. */
  private static final List<String> CARE_THREADS = List.of("monitor", "java", "main");

  private final Workbench bench;
  private final ResetOptions options;
  private final Findings findings;

  CareMeasure(Workbench bench, ResetOptions options, Findings findings) {
    this.bench = bench;
    this.options = options;
    this.findings = findings;
  }

  void take() throws IOException, InterruptedException {
    bench.progress("care: starting a guest");
    try (BenchGuest guest =
        bench.start(
            Mode.PROTECTED,
            (MEMORY_BYTES >> 20) + "M",
            List.of(WorkerProgram.in(bench.paths().state()).toString()))) {
      try (LineClient client = guest.connect(LineClient::worker)) {
        client.expect("g " + MEMORY_BYTES / 2 / PAGE_BYTES, "ok");
      }
      Long guardian = guest.awaitProtected().guardian().pid();
      if (guardian == null) {
        throw new IOException(guest.name() + " has no guardian");
      }
      long agent = AgentLauncher.ask(bench.paths(), ANSWER_MILLIS_MAX).pid();
      // What starting left to be done is done by then.
      TimeUnit.SECONDS.sleep(WINDOW_SECONDS);
      List<Double> scrubbing = new ArrayList<>();
      List<Double> monitors = new ArrayList<>();
      List<Double> whole = new ArrayList<>();
      for (int i = 1; i <= options.windows(); i++) {
        bench.progress("care: window " + i + " of " + options.windows());
        Usage scrubber = new Usage(guardian, "scrubber"::equals);
        Usage care = new Usage(agent, CARE_THREADS::contains);
        Usage all = new Usage(agent, _ -> true);
        TimeUnit.SECONDS.sleep(WINDOW_SECONDS);
        scrubbing.add(scrubber.cores());
        monitors.add(care.cores());
        whole.add(all.cores());
      }
      report(scrubbing, monitors, whole, guest.spec().scrubRate());
    }
  }

  private void report(
      List<Double> scrubbing, List<Double> monitors, List<Double> whole, long scrubRate) {
    Goal scrub = ResetGoals.scrubbing();
    findings.add(
        Row.of(scrub)
            .guarded(Pairing.median(scrubbing))
            .note(
                "%s/s; %d windows of 10 s".formatted(Quantities.bytes(scrubRate), scrubbing.size()))
            .judge(scrub));
    Goal care = ResetGoals.monitors();
    findings.add(
        Row.of(care)
            .guarded(Pairing.median(monitors))
            .note("the threads that look and decide, once a second")
            .judge(care));
    findings.add(
        Row.info(GROUP, "the whole agent", Quantity.CORES)
            .guarded(Pairing.median(whole))
            .note("with its watches over one guardian"));
  }

  /** What threads of a process compute from now on. */
  private static final class Usage {
    private final long pid;
    private final Predicate<String> threads;
    private final long startNanos = System.nanoTime();
    private final long usedNanos;

    Usage(long pid, Predicate<String> threads) throws IOException {
      this.pid = pid;
      this.threads = threads;
      this.usedNanos = used();
    }

    /** Cores used on average. */
    double cores() throws IOException {
      return (double) (used() - usedNanos) / (System.nanoTime() - startNanos);
    }

    private long used() throws IOException {
      long sum = 0;
      boolean found = false;
      try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
        for (Path task : tasks.toList()) {
          try {
            if (threads.test(Files.readString(task.resolve("comm")).strip())) {
              found = true;
              sum += ProcFile.runNanos(Files.readString(task.resolve("schedstat")));
            }
          } catch (NoSuchFileException e) {
            // It has just ended.
          }
        }
      }
      if (!found) {
        throw new IOException("process " + pid + " has no such threads any more");
      }
      return sum;
    }
  }
}
