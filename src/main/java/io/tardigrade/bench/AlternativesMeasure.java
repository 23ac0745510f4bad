package io.tardigrade.bench;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus.Protection;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The pause of a checkpoint as other means have it, in turns with ours, on the same kernel, program
 * and RAM, each after the guest has written to the same number of pages:
 *
 * <ul>
 *   <li>a migration to a file with {@code x-ignore-shared}, which saves device state only; the copy
 *       of RAM that a checkpoint needs beside it is not counted, in its favour;
 *   <li>{@code savevm} into a qcow2, which lies on tmpfs, in its favour too.
 * </ul>
 */
final class AlternativesMeasure implements Measure {
  private static final String DIRTY = "d 100";
  private static final int OURS_PER_TURN = 50;
  private static final int TURNS = 4;

  @Override
  public String name() {
    return "alternatives";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    bench.progress("alternatives: starting guests");
    String program = WorkerProgram.in(bench.paths().state()).toString();
    Path folder = bench.paths().images();
    Files.createDirectories(folder);
    Path disk = folder.resolve("plain.qcow2");
    try (BenchGuest ours = bench.start(Mode.PROTECTED, GuestSize.SMALL, List.of(program))) {
      Command.run("qemu-img", "create", "-q", "-f", "qcow2", disk.toString(), "1G");
      GuestSpec spec = ours.spec();
      try (PlainHypervisor migrating =
              PlainHypervisor.start(
                  bench, spec, folder.resolve("plain-migrate"), null, LineClient.WORKER_PORT);
          PlainHypervisor saving =
              PlainHypervisor.start(
                  bench, spec, folder.resolve("plain-savevm"), disk, LineClient.WORKER_PORT)) {
        compare(bench, ours, migrating, saving, effort, findings);
      }
    } finally {
      Files.deleteIfExists(disk);
    }
  }

  private void compare(
      Workbench bench,
      BenchGuest ours,
      PlainHypervisor migrating,
      PlainHypervisor saving,
      Effort effort,
      Findings findings)
      throws IOException, InterruptedException {
    Path state = bench.paths().images().resolve("plain-state");
    Samples migrations = new Samples();
    Samples saves = new Samples();
    List<Double> p50 = new ArrayList<>();
    List<Double> p99 = new ArrayList<>();
    try (LineClient worker = ours.connect(LineClient::worker);
        LineClient migrated = plain(ours, migrating);
        LineClient saved = plain(ours, saving)) {
      ours.awaitProtected();
      prepareMigration(migrating);
      int each = (effort.alternativeCheckpoints() + TURNS - 1) / TURNS;
      for (int turn = 1; turn <= TURNS; turn++) {
        bench.progress("alternatives: turn " + turn + " of " + TURNS);
        Protection seen = ours(ours, worker);
        p50.add(PauseMeasure.value(seen.pauseSeconds().p50()));
        p99.add(PauseMeasure.value(seen.pauseSeconds().p99()));
        for (int i = 0; i < each; i++) {
          migrated.expect(DIRTY, "ok");
          migrations.add(migrate(migrating, state));
        }
        for (int i = 0; i < each; i++) {
          saved.expect(DIRTY, "ok");
          saves.add(save(saving));
        }
      }
    } finally {
      Files.deleteIfExists(state);
    }
    report(findings, "migration to a file with x-ignore-shared", p50, p99, migrations);
    report(findings, "savevm into a qcow2", p50, p99, saves);
  }

  private static LineClient plain(BenchGuest ours, PlainHypervisor plain)
      throws IOException, InterruptedException {
    return ours.connect(_ -> LineClient.worker("127.0.0.1", plain.port()));
  }

  private static Protection ours(BenchGuest guest, LineClient worker)
      throws IOException, InterruptedException {
    worker.expect(DIRTY, "ok");
    guest.resetStatistics();
    for (int i = 0; i < OURS_PER_TURN; i++) {
      worker.expect(DIRTY, "ok");
      Thread.sleep(5);
    }
    return guest.status().protection();
  }

  private static void prepareMigration(PlainHypervisor plain) throws IOException {
    plain.execute(
        "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":["
            + "{\"capability\":\"x-ignore-shared\",\"state\":true},"
            + "{\"capability\":\"events\",\"state\":true}]}");
    // The default of 128 MiB/s is for networks.
    plain.execute(
        "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"max-bandwidth\":10737418240}");
  }

  private static double migrate(PlainHypervisor plain, Path state) throws IOException {
    Files.write(state, new byte[0]);
    int file = Linux.open(state, Linux.O_RDWR | Linux.O_CLOEXEC);
    try {
      long start = System.nanoTime();
      plain.execute("{\"execute\":\"stop\"");
      plain.migrateTo(file);
      plain.execute("{\"execute\":\"cont\"");
      return (System.nanoTime() - start) / 1e9;
    } finally {
      Linux.close(file);
    }
  }

  private static double save(PlainHypervisor plain) throws IOException {
    long start = System.nanoTime();
    plain.monitor("savevm checkpoint");
    double seconds = (System.nanoTime() - start) / 1e9;
    plain.monitor("delvm checkpoint");
    return seconds;
  }

  private void report(
      Findings findings, String what, List<Double> p50, List<Double> p99, Samples other) {
    double ours50 = Pairing.median(p50);
    double ours99 = Pairing.median(p99);
    findings.add(
        Row.info(name(), "pause: " + what + ", p50", Quantity.SECONDS)
            .guarded(ours50)
            .alternative(other.median())
            .ratio(ours50 / other.median())
            .note(other.size() + " of them"));
    findings.add(
        Row.info(name(), "pause: " + what + ", p99", Quantity.SECONDS)
            .guarded(ours99)
            .alternative(other.p99())
            .ratio(ours99 / other.p99())
            .note(other.size() + " of them"));
    findings.detail(name(), what + ", seconds", other.toArray());
  }
}
