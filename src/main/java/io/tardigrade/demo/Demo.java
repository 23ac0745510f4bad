package io.tardigrade.demo;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The demonstration. It acts through the same command line as any user, and kills what it kills
 * from outside, by process id.
 */
public final class Demo {
  private static final long CONNECT_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long RECOVERED_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final int ANSWER_MILLIS_MAX = 60_000;
  private static final long ANSWERS_BETWEEN = 200;
  private static final long POLL_MILLIS = 20;

  /** What is killed, one after the other. */
  private enum Victim {
    HYPERVISOR,
    GUARDIAN;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final List<Victim> VICTIMS =
      List.of(
          Victim.HYPERVISOR,
          Victim.HYPERVISOR,
          Victim.GUARDIAN,
          Victim.HYPERVISOR,
          Victim.HYPERVISOR,
          Victim.GUARDIAN,
          Victim.HYPERVISOR);

  private final String guest;
  private final Guests guests;
  private final PrintStream out;

  /** What the demo does with guests, each a command that a user could type. */
  public interface Guests {
    /** Runs a command; returns its exit code. */
    int command(String... words);

    /** What {@code show} tells. */
    GuestStatus show(String guest) throws IOException;
  }

  /** A demonstration with a guest of this name. */
  public Demo(String guest, Guests guests, PrintStream out) {
    this.guest = guest;
    this.guests = guests;
    this.out = out;
  }

  /** Runs it; true where nothing was missing. The guest is gone afterwards. */
  public boolean run() throws IOException, InterruptedException {
    Thread onInterrupt = new Thread(this::delete, "delete-demo-guest");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      say("$ tardigrade run --name " + guest + " --detach -- redis-server --protected-mode no");
      int code =
          guests.command(
              "run", "--name", guest, "--detach", "--", "redis-server", "--protected-mode", "no");
      if (code != 0) {
        throw new IOException("the demo's guest did not start (exit code " + code + ")");
      }
      return countAndKill();
    } finally {
      delete();
      removeHook(onInterrupt);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // Interrupted: the hook is running, and finds nothing left to delete.
    }
  }

  private synchronized void delete() {
    try {
      guests.show(guest);
    } catch (IOException | RuntimeException e) {
      // It was never made, or is deleted already.
      return;
    }
    if (guests.command("delete", "-y", guest) != 0) {
      say("the demo's guest is left: 'tardigrade delete " + guest + "' removes it");
    }
  }

  private boolean countAndKill() throws IOException, InterruptedException {
    GuestStatus status = guests.show(guest);
    say("");
    say(
        "One client counts with INCR on one TCP connection to "
            + status.address()
            + " while processes beneath the guest are killed with SIGKILL:");
    say("");
    say(row("#", "KILLED", "PID", "CLIENT WAITED", "COUNTER", "MISSING"));
    List<String> problems = new ArrayList<>();
    Counter.Seen total;
    try (Counter counter =
        Counter.connect(status.address(), CONNECT_NANOS_MAX, ANSWER_MILLIS_MAX)) {
      counter.awaitAnswers(ANSWERS_BETWEEN, RECOVERED_NANOS_MAX, "before the first kill");
      int number = 0;
      for (Victim victim : VICTIMS) {
        killOne(++number, victim, counter, problems);
      }
      total = counter.seen();
    }
    return report(total, problems);
  }

  private void killOne(int number, Victim victim, Counter counter, List<String> problems)
      throws IOException, InterruptedException {
    GuestStatus before = awaitProtected(null);
    @Nullable Long pid = pid(before, victim);
    if (pid == null) {
      throw new IOException("the guest has no " + victim.text() + " to kill");
    }
    long missingBefore = counter.seen().missing() + counter.seen().repeated();
    counter.resetWait();
    Linux.kill(pid, Linux.SIGKILL);
    counter.awaitAnswers(
        ANSWERS_BETWEEN, RECOVERED_NANOS_MAX, "after the " + victim.text() + " was killed");
    GuestStatus after = awaitProtected(new Killed(victim, pid));
    double waited = counter.longestWaitSeconds();
    Counter.Seen seen = counter.seen();
    long missing = seen.missing() + seen.repeated() - missingBefore;
    if (missing != 0) {
      problems.add("kill " + number + ": " + missing + " increments missing or repeated");
    }
    if (after.recoveries().count() <= before.recoveries().count()) {
      problems.add("kill " + number + ": the guest counts no recovery");
    }
    say(
        row(
            Integer.toString(number),
            victim.text(),
            Long.toString(pid),
            String.format(Locale.ROOT, "%.0f ms", waited * 1000),
            Long.toString(seen.last()),
            Long.toString(missing)));
  }

  /** What was killed last: until another takes its place the guest has not recovered. */
  private record Killed(Victim victim, long pid) {}

  /** Waits until the guest is protected, by others than what was killed. */
  private GuestStatus awaitProtected(@Nullable Killed killed)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + RECOVERED_NANOS_MAX;
    while (true) {
      GuestStatus status = guests.show(guest);
      @Nullable Long pid = killed == null ? null : pid(status, killed.victim());
      boolean replaced = killed == null || (pid != null && pid != killed.pid());
      if (status.state() == GuestStatus.State.RUNNING && status.spareReady() && replaced) {
        return status;
      }
      if (status.state() == GuestStatus.State.FAILED || System.nanoTime() - deadline > 0) {
        throw new IOException(
            "the guest did not recover: it is "
                + status.state()
                + (status.reason() == null ? "" : ", " + status.reason()));
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static @Nullable Long pid(GuestStatus status, Victim victim) {
    return switch (victim) {
      case HYPERVISOR -> status.hypervisor().pid();
      case GUARDIAN -> status.guardian().pid();
    };
  }

  private boolean report(Counter.Seen total, List<String> problems) {
    say("");
    problems.forEach(this::say);
    say(
        total.acknowledged()
            + " increments acknowledged, "
            + total.missing()
            + " missing, 1 connection");
    if (total.repeated() != 0) {
      say(total.repeated() + " increments were done more than once");
    }
    return problems.isEmpty() && total.missing() == 0 && total.repeated() == 0;
  }

  private static String row(String... cells) {
    return String.format(
            Locale.ROOT,
            "%-3s %-11s %-9s %-14s %-9s %s",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            cells[4],
            cells[5])
        .stripTrailing();
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
