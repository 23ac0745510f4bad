package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Kills what runs a redis, at random moments, while a client counts in it on one connection. The
 * time until the guest runs is from the signal to the moment its incident tells; the client's is
 * its longest wait for an answer.
 */
final class RecoveryMeasure implements Measure {
  private static final long SEED = 20_261_122;
  private static final long ANSWERS_BETWEEN = 50;
  private static final long FIRST_OUTPUT_NANOS_MAX = TimeUnit.SECONDS.toNanos(8);
  private static final String FIRST_OUTPUT = "first output after";

  /** What is done to the guest. */
  private enum Cause {
    HYPERVISOR_KILLED("hypervisor killed"),
    HYPERVISOR_HUNG("hypervisor hung"),
    GUARDIAN_KILLED("guardian killed"),
    KILLED_AGAIN("killed again at once");

    private final String text;

    Cause(String text) {
      this.text = text;
    }
  }

  /** What was seen of one cause. */
  private static final class Seen {
    final Samples running = new Samples();
    final Samples reply = new Samples();
    final Map<String, Samples> phases = new LinkedHashMap<>();
  }

  @Override
  public String name() {
    return "recovery";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    Random random = new Random(SEED);
    try (BenchGuest guest = bench.start(Mode.PROTECTED, GuestSize.SMALL, RedisMeasure.REDIS);
        CountingClient client = new CountingClient(guest.connect(LineClient::redis))) {
      client.await(ANSWERS_BETWEEN);
      for (Cause cause : Cause.values()) {
        bench.progress("recovery: " + cause.text + ", " + effort.kills() + " times");
        Seen seen = new Seen();
        for (int i = 0; i < effort.kills(); i++) {
          kill(cause, guest, client, seen, random);
        }
        report(cause, seen, findings);
      }
    }
  }

  private static void kill(
      Cause cause, BenchGuest guest, CountingClient client, Seen seen, Random random)
      throws IOException, InterruptedException {
    GuestStatus before = guest.awaitProtected();
    client.await(ANSWERS_BETWEEN);
    Thread.sleep(200 + random.nextInt(300));
    client.resetWait();
    long pid = pid(before, cause == Cause.GUARDIAN_KILLED);
    Instant killed = Instant.now();
    Linux.kill(pid, cause == Cause.HYPERVISOR_HUNG ? Linux.SIGSTOP : Linux.SIGKILL);
    if (cause == Cause.KILLED_AGAIN) {
      GuestStatus again = guest.await(status -> runsOther(status, pid), 1);
      killed = Instant.now();
      Linux.kill(pid(again, false), Linux.SIGKILL);
    }
    client.await(ANSWERS_BETWEEN);
    Incident incident = incidentAfter(guest, killed);
    seen.running.add(RecoveryTimes.secondsUntilRunning(killed, incident));
    seen.reply.add(client.longestWaitSeconds());
    incident
        .phaseSeconds()
        .forEach((phase, seconds) ->
            seen.phases.computeIfAbsent(phase, _ -> new Samples()).add(seconds));
  }

  private static long pid(GuestStatus status, boolean guardian) throws IOException {
    Long pid = guardian ? status.guardian().pid() : status.hypervisor().pid();
    if (pid == null) {
      throw new IOException("the guest has no process to kill: " + status);
    }
    return pid;
  }

  private static boolean runsOther(GuestStatus status, long killedPid) {
    Long pid = status.hypervisor().pid();
    return status.state() == GuestStatus.State.RUNNING && pid != null && pid != killedPid;
  }

  /** The incident whose end came after the kill, once it knows when the first output left. */
  private static Incident incidentAfter(BenchGuest guest, Instant killed)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + FIRST_OUTPUT_NANOS_MAX;
    while (true) {
      Optional<Incident> newest =
          guest.newestIncident().filter(i -> RecoveryTimes.running(i).isAfter(killed));
      boolean late = System.nanoTime() - deadline > 0;
      if (newest.isPresent() && (late || newest.get().phaseSeconds().containsKey(FIRST_OUTPUT))) {
        return newest.get();
      }
      if (late) {
        throw new IOException("no incident was recorded after a kill at " + killed);
      }
      Thread.sleep(20);
    }
  }

  private void report(Cause cause, Seen seen, Findings findings) {
    add(findings, cause.text + ": guest running", seen.running, runningGoal(cause));
    add(findings, cause.text + ": next reply", seen.reply, replyGoal(cause));
    double after = seen.reply.median() - seen.running.median();
    findings.add(
        Row.info(name(), cause.text + ": reply after running, p50", Quantity.SECONDS)
            .guarded(after)
            .note("under emulation mostly cold translation of the guest's code"));
    seen.phases.forEach((phase, seconds) ->
        findings.add(
            Row.info(name(), cause.text + ": phase '" + phase + "', p50", Quantity.SECONDS)
                .guarded(seconds.median())
                .note("worst " + Quantity.SECONDS.text(seconds.max()))));
    findings.detail(name(), cause.text + ", running after seconds", seen.running.toArray());
    findings.detail(name(), cause.text + ", reply after seconds", seen.reply.toArray());
  }

  private static double runningGoal(Cause cause) {
    return switch (cause) {
      case HYPERVISOR_KILLED -> 0.020;
      case KILLED_AGAIN -> 0.100;
      case HYPERVISOR_HUNG, GUARDIAN_KILLED -> 0;
    };
  }

  private static double replyGoal(Cause cause) {
    return switch (cause) {
      case HYPERVISOR_KILLED -> 0.250;
      case GUARDIAN_KILLED -> 1.5;
      case HYPERVISOR_HUNG, KILLED_AGAIN -> 0;
    };
  }

  private void add(Findings findings, String title, Samples seconds, double limit) {
    addOne(findings, title + ", p50", seconds.median(), seconds.size(), limit);
    addOne(findings, title + ", worst", seconds.max(), seconds.size(), limit);
  }

  private void addOne(Findings findings, String title, double value, int count, double limit) {
    String note = count + " kills";
    if (limit > 0) {
      Goal goal = Goals.recovery(title, limit);
      findings.add(Row.of(goal).guarded(value).note(note).judge(goal));
    } else {
      findings.add(Row.info(name(), title, Quantity.SECONDS).guarded(value).note(note));
    }
  }
}
