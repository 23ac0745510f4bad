package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.Quantiles;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pause per checkpoint against dirty pages and against guest RAM, half of which is in use. The
 * guest writes to a given number of pages when asked to and sleeps otherwise; its answer is the
 * output that brings the checkpoint about. The same guests then show what else might grow with RAM:
 * the time until a new spare is ready, and the guardian's memory.
 */
final class PauseMeasure implements Measure {
  private static final int[] DIRTY_PAGES = {0, 100, 200, 500, 1000, 2000};
  private static final int[] DIRTY_PAGES_LARGER = {0, 100, 500};
  private static final long THINK_MILLIS = 5;
  private static final int PAGE_BYTES = 4096;
  private static final int GROW_PAGES = 2048;

  @Override
  public String name() {
    return "pause";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    Path program = WorkerProgram.in(bench.paths().state());
    for (GuestSize size : GuestSize.values()) {
      try {
        checkMemory(size);
        takeAt(size, program, bench, effort, findings);
      } catch (IOException e) {
        findings.failed(name(), "at " + size.text() + ": " + e.getMessage());
      }
    }
  }

  private static void checkMemory(GuestSize size) throws IOException {
    long available = ProcFile.kilobytes(Files.readString(Path.of("/proc/meminfo")), "MemAvailable");
    // Half of guest RAM is in use, once in the image and once in the hypervisor.
    long needed = size.bytes() + (512L << 20);
    if (available < needed) {
      throw new IOException(
          (needed >> 20) + " MiB of memory are needed, " + (available >> 20) + " are available");
    }
  }

  private void takeAt(
      GuestSize size, Path program, Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    bench.progress("pause at " + size.text() + ": starting a guest");
    try (BenchGuest guest = bench.start(Mode.PROTECTED, size, List.of(program.toString()));
        LineClient worker = guest.connect(LineClient::worker)) {
      grow(worker, size.bytes() / 2 / PAGE_BYTES);
      guest.awaitProtected();
      Thread.sleep(1500);
      int base = 0;
      for (int pages : size == GuestSize.SMALL ? DIRTY_PAGES : DIRTY_PAGES_LARGER) {
        int asked = Math.max(0, pages - base);
        GuestStatus.Protection seen = load(guest, worker, asked, effort.checkpoints());
        if (pages == 0) {
          base = (int) Math.round(value(seen.dirtyPages().p50()));
        }
        report(size, pages, seen, findings);
      }
      memory(size, guest.guardianMemory(), findings);
      spare(size, guest, worker, effort, findings);
    }
  }

  private static void grow(LineClient worker, long pages) throws IOException {
    // A 128 MiB guest has too little to spare beside its kernel and the worker's pool.
    long wanted = pages * PAGE_BYTES <= 64L << 20 ? 0 : pages;
    for (long done = 0; done < wanted; done += GROW_PAGES) {
      worker.expect("g " + GROW_PAGES, "ok");
    }
  }

  private static GuestStatus.Protection load(
      BenchGuest guest, LineClient worker, int pages, int checkpoints)
      throws IOException, InterruptedException {
    for (int i = 0; i < checkpoints / 10; i++) {
      worker.expect("d " + pages, "ok");
    }
    guest.resetStatistics();
    for (int i = 0; i < checkpoints; i++) {
      worker.expect("d " + pages, "ok");
      Thread.sleep(THINK_MILLIS);
    }
    return guest.status().protection();
  }

  private void report(GuestSize size, int pages, GuestStatus.Protection seen, Findings findings) {
    Quantiles pause = seen.pauseSeconds();
    String note =
        "dirty pages p50 "
            + Math.round(value(seen.dirtyPages().p50()))
            + ", p99 "
            + Math.round(value(seen.dirtyPages().p99()))
            + ", "
            + pause.count()
            + " checkpoints";
    findings.detail(
        name(),
        size.text() + ", " + pages + " dirty pages",
        Map.of("pause_seconds", pause, "dirty_pages", seen.dirtyPages()));
    boolean judged =
        size == GuestSize.SMALL
            && Arrays.stream(Goals.DIRTY_PAGES_JUDGED).anyMatch(p -> p == pages);
    if (judged) {
      Goal p50 = Goals.pause(pages, "p50", 0.0025);
      Goal p99 = Goals.pause(pages, "p99", 0.005);
      findings.add(Row.of(p50).guarded(value(pause.p50())).note(note).judge(p50));
      findings.add(Row.of(p99).guarded(value(pause.p99())).note(note).judge(p99));
      return;
    }
    String title = "pause at " + size.text() + ", " + pages + " dirty pages, ";
    findings.add(
        Row.info(name(), title + "p50", Quantity.SECONDS).guarded(value(pause.p50())).note(note));
    findings.add(
        Row.info(name(), title + "p99", Quantity.SECONDS).guarded(value(pause.p99())).note(note));
  }

  /** A figure that was not measured is no number, and meets no goal. */
  static double value(@Nullable Double measured) {
    return measured == null ? Double.NaN : measured;
  }

  private void memory(GuestSize size, BenchGuest.Memory memory, Findings findings) {
    findings.detail(name(), "guardian's memory at " + size.text(), memory);
    Goal goal = Goals.guardianMemory(size);
    findings.add(
        Row.of(goal)
            .guarded((double) memory.sum())
            .note(
                "its own "
                    + Quantity.BYTES.text((double) memory.anonymousBytes())
                    + ", programs and libraries "
                    + Quantity.BYTES.text((double) memory.fileBytes())
                    + ", staging and checksums "
                    + Quantity.BYTES.text((double) memory.besideBytes()))
            .judge(goal));
  }

  private void spare(
      GuestSize size, BenchGuest guest, LineClient worker, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    Samples seconds = new Samples();
    for (int i = 0; i < effort.kills(); i++) {
      GuestStatus before = guest.awaitProtected();
      worker.expect("d 100", "ok");
      Thread.sleep(200);
      Long pid = before.hypervisor().pid();
      if (pid == null) {
        throw new IOException("the guest has no hypervisor to kill");
      }
      Linux.kill(pid, Linux.SIGKILL);
      Instant ready = readyAfter(guest, pid);
      guest.await(status -> status.recoveries().count() > before.recoveries().count(), 20);
      Instant running = RecoveryTimes.running(guest.newestIncident().orElseThrow());
      seconds.add(Duration.between(running, ready).toNanos() / 1e9);
      worker.expect("d 1", "ok");
    }
    findings.detail(name(), "spare ready at " + size.text() + ", seconds", seconds.toArray());
    Goal goal = Goals.spareReady(size);
    findings.add(
        Row.of(goal)
            .guarded(seconds.max())
            .note(
                "p50 "
                    + Quantity.SECONDS.text(seconds.median())
                    + " of "
                    + seconds.size()
                    + " kills; seen by asking the guardian every 2 ms")
            .judge(goal));
  }

  private static Instant readyAfter(BenchGuest guest, long killedPid)
      throws IOException, InterruptedException {
    GuestStatus _ =
        guest.await(
            status -> {
              Long pid = status.hypervisor().pid();
              return pid != null && pid != killedPid && status.spareReady();
            },
            2);
    return Instant.now();
  }
}
