package io.tardigrade.bench;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.Freezing;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import io.tardigrade.launch.Folders;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.preserve.BootTimes;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.process.AgentInfo;
import io.tardigrade.process.AgentLauncher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * All of a reset but the kernel's part, on this machine: guests are frozen, disks synced and a
 * manifest sealed as a reset does; then the agent is ended, the guests' records are made to name
 * another boot and what a boot would not find is taken away, and the next agent resumes the guests
 * from their images as it does after a boot. Half of each guest's RAM is in use.
 */
final class NativeResetMeasure {
  private static final String GROUP = Parts.text(ResetOptions.Part.NATIVE);
  private static final String OTHER_BOOT = "00000000-0000-4000-8000-000000000000";
  private static final long RESUME_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long ANSWER_MILLIS_MAX = 10_000;
  private static final Duration SYNC_MAX = Duration.ofMinutes(2);
  private static final int PAGE_BYTES = 4096;

  /** What kernel and worker use by themselves, or nearly so. */
  private static final long OTHERS_BYTES = 48L << 20;

  private final Workbench bench;
  private final HostPaths paths;
  private final ResetOptions options;
  private final Findings findings;

  NativeResetMeasure(Workbench bench, ResetOptions options, Findings findings) {
    this.bench = bench;
    this.paths = bench.paths();
    this.options = options;
    this.findings = findings;
  }

  /** What one round took. */
  private record Round(double freeze, double seal, double resume, Map<String, Double> phases) {
    double sum() {
      return freeze + seal + resume;
    }

    double withoutStarts() {
      return freeze
          + seal
          + phases.getOrDefault("load state, run", 0.0)
          + phases.getOrDefault("replay frames", 0.0);
    }
  }

  void take() throws IOException, InterruptedException {
    List<Double> sums = new ArrayList<>();
    for (long bytes : options.nativeMemoryBytes()) {
      sums.add(measure(bytes));
    }
    if (sums.size() > 1) {
      Goal goal = ResetGoals.independence();
      double least = sums.getFirst();
      double most = sums.getLast();
      findings.add(Row.of(goal).alternative(least).guarded(most).ratio(most / least).judge(goal));
    }
  }

  private double measure(long memoryBytes) throws IOException, InterruptedException {
    int count = options.nativeGuests();
    String what = ResetGoals.nativeTitle(count, memoryBytes);
    List<BenchGuest> guests = new ArrayList<>();
    List<LineClient> clients = new ArrayList<>();
    List<Round> rounds = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        bench.progress("native: " + what + "starting guest " + (i + 1));
        BenchGuest guest =
            bench.start(
                Mode.PROTECTED,
                (memoryBytes >> 20) + "M",
                List.of(WorkerProgram.in(paths.state()).toString()));
        guests.add(guest);
        LineClient client = guest.connect(LineClient::worker);
        clients.add(client);
        client.expect("g " + (memoryBytes / 2 - OTHERS_BYTES) / PAGE_BYTES, "ok");
      }
      for (int i = 0; i < options.rounds(); i++) {
        bench.progress("native: " + what + "round " + (i + 1) + " of " + options.rounds());
        for (int g = 0; g < count; g++) {
          guests.get(g).awaitProtected();
          clients.get(g).expect("d 100", "ok");
        }
        rounds.add(round(guests));
        for (LineClient client : clients) {
          // The very connection of before.
          client.expect("d 1", "ok");
        }
      }
    } finally {
      for (LineClient client : clients) {
        client.close();
      }
      for (BenchGuest guest : guests) {
        guest.close();
      }
    }
    return report(what, count, memoryBytes, rounds);
  }

  private Round round(List<BenchGuest> guests) throws IOException, InterruptedException {
    List<String> names = guests.stream().map(BenchGuest::name).toList();
    long begun;
    long standing;
    long sealed;
    // Whom no reset has frozen the agent lets go on.
    try (ResetLock _ =
        ResetLock.take(paths).orElseThrow(() -> new IOException("another reset is under way"))) {
      begun = System.nanoTime();
      List<Manifest.Frozen> frozen = freeze(names);
      standing = System.nanoTime();
      String _ = Command.run(List.of("sync"), "", SYNC_MAX);
      seal(frozen);
      sealed = System.nanoTime();
      pretendBoot(names);
    }
    Instant started = Instant.now();
    AgentLauncher.ensureAny(paths, bench::progress);
    AgentInfo agent = AgentLauncher.ask(paths, ANSWER_MILLIS_MAX);
    Instant agentAt = BootTimes.of(agent.pid());
    List<Incident> incidents = new ArrayList<>();
    for (BenchGuest guest : guests) {
      incidents.add(awaitIncident(guest, started));
    }
    double resume =
        incidents.stream()
            .mapToDouble(i -> seconds(agentAt, RecoveryTimes.running(i)))
            .max()
            .orElse(0);
    Map<String, Double> phases = new LinkedHashMap<>();
    for (Incident incident : incidents) {
      incident.phaseSeconds().forEach((phase, seconds) -> phases.merge(phase, seconds, Math::max));
    }
    phases.keySet().removeIf(phase -> phase.contains("to agent") || phase.startsWith("first"));
    return new Round((standing - begun) / 1e9, (sealed - standing) / 1e9, resume, phases);
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e9;
  }

  private List<Manifest.Frozen> freeze(List<String> names) throws IOException {
    List<Freeze> frozen = Freezing.freeze(paths, names);
    List<Manifest.Frozen> sealed = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      sealed.add(frozen.get(i).sealed(names.get(i)));
    }
    return sealed;
  }

  private void seal(List<Manifest.Frozen> frozen) throws IOException {
    Files.createDirectories(paths.preserved());
    Instant now = Instant.now();
    new PreservedMemory(paths)
        .seal(new Manifest(OTHER_BOOT, now, now, "a benchmark", "", "", frozen));
  }

  /** The agent is gone, and with it all that lives in memory but the images. */
  private void pretendBoot(List<String> names) throws IOException, InterruptedException {
    long agent = AgentLauncher.ask(paths, ANSWER_MILLIS_MAX).pid();
    Linux.kill(agent, Linux.SIGKILL);
    Optional<ProcessHandle> ending = ProcessHandle.of(agent);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (ending.isPresent() && ending.get().isAlive() && System.nanoTime() - deadline < 0) {
      Thread.sleep(5);
    }
    for (String name : names) {
      Path folder = GuestFiles.of(paths, name).folder();
      Life life =
          Life.read(folder).orElseThrow(() -> new IOException(name + " has no record of its life"));
      new Life(OTHER_BOOT, life.place()).write(folder);
    }
    Folders.delete(paths.run());
  }

  private static Incident awaitIncident(BenchGuest guest, Instant after)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + RESUME_NANOS_MAX;
    while (true) {
      Optional<Incident> newest =
          guest
              .newestIncident()
              .filter(i -> i.outcome().equals("recovered"))
              .filter(i -> RecoveryTimes.running(i).isAfter(after));
      if (newest.isPresent()) {
        return newest.get();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(guest.name() + " was not resumed within 120 s");
      }
      Thread.sleep(20);
    }
  }

  private double report(String what, int count, long memoryBytes, List<Round> rounds) {
    add(what + "freeze, p50", rounds.stream().map(Round::freeze).toList(), "");
    add(what + "seal, p50", rounds.stream().map(Round::seal).toList(), "disks synced, manifest");
    add(
        what + "agent's start to all guests running, p50",
        rounds.stream().map(Round::resume).toList(),
        "starts of agent, " + count + " guardians and hypervisors among it");
    for (String phase : rounds.getFirst().phases().keySet()) {
      add(
          what + "phase '" + phase + "' of the slowest guest, p50",
          rounds.stream().map(round -> round.phases().getOrDefault(phase, 0.0)).toList(),
          "");
    }
    add(
        what + "all but the starts of agent, guardians and hypervisors, p50",
        rounds.stream().map(Round::withoutStarts).toList(),
        "freeze, seal, load state and replay of the slowest guest");
    List<Double> sums = rounds.stream().map(Round::sum).toList();
    Goal goal = ResetGoals.nativeSum(count, memoryBytes);
    double median = Pairing.median(sums);
    findings.add(Row.of(goal).guarded(median).note(rounds.size() + " rounds").judge(goal));
    findings.detail(GROUP, Quantities.bytes(memoryBytes) + ", sums, seconds", sums);
    return median;
  }

  private void add(String title, List<Double> values, String note) {
    findings.add(
        Row.info(GROUP, title, Quantity.SECONDS).guarded(Pairing.median(values)).note(note));
  }
}
