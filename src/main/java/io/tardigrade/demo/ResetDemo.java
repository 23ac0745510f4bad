package io.tardigrade.demo;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * The demonstration of a guest that outlives its host's operating system: a lab host, a client on
 * this machine that counts on one connection, a planned reset and a panic. Each step is a command
 * that a user could type.
 */
public final class ResetDemo {
  private static final int ANSWER_MILLIS_MAX = 600_000;
  private static final long ANSWERS_NANOS_MAX = TimeUnit.MINUTES.toNanos(8);
  private static final long CONNECT_NANOS_MAX = TimeUnit.MINUTES.toNanos(5);
  private static final long ANSWERS_BETWEEN = 50;
  private static final String GUEST = "kv";

  private final String host;
  private final Commands commands;
  private final PrintStream out;

  /** How a command ended, and what it printed. */
  public record Said(int code, String out) {}

  /** Runs commands as a user does. */
  public interface Commands {
    /** Runs one to its end. */
    Said command(String... words);
  }

  /** A demonstration in a lab host of this name. */
  public ResetDemo(String host, Commands commands, PrintStream out) {
    this.host = host;
    this.commands = commands;
    this.out = out;
  }

  /** Runs it; true where nothing was missing. The lab host is gone afterwards. */
  public boolean run() throws IOException, InterruptedException {
    Thread onInterrupt = new Thread(() -> commands.command("lab", "down", host), "end-demo-host");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      var _ = succeed("lab", "up", "--name", host);
      var _ = inHost("host", "preserve", "--size", "512M");
      String made =
          inHost(
              "run",
              "--name",
              GUEST,
              "--checkpoint-interval",
              "1s",
              "--detach",
              "--",
              "redis-server",
              "--protected-mode",
              "no");
      String[] nameAndAddress = made.strip().split("\\s+", -1);
      if (nameAndAddress.length < 2) {
        throw new IOException("'run' printed '" + made.strip() + "', expected name and address");
      }
      return count(nameAndAddress[1]);
    } finally {
      var _ = commands.command("lab", "down", host);
      try {
        Runtime.getRuntime().removeShutdownHook(onInterrupt);
      } catch (IllegalStateException e) {
        // Interrupted: the hook is running, and finds nothing left to remove.
      }
    }
  }

  private boolean count(String address) throws IOException, InterruptedException {
    say("");
    say("One client on this machine counts with INCR on one TCP connection to " + address + ".");
    say("");
    Counter.Seen total;
    try (Counter counter = Counter.connect(address, CONNECT_NANOS_MAX, ANSWER_MILLIS_MAX)) {
      counter.awaitAnswers(ANSWERS_BETWEEN, ANSWERS_NANOS_MAX, "before the reset");
      strike(counter, "planned reset", "lab", "run", host, "--", "tardigrade", "host", "reset");
      strike(counter, "kernel panic", "lab", "panic", host);
      total = counter.seen();
    }
    say(
        String.format(
            Locale.ROOT,
            "%d increments acknowledged, %d missing, %d repeated, 1 connection",
            total.acknowledged(),
            total.missing(),
            total.repeated()));
    return total.missing() == 0 && total.repeated() == 0;
  }

  private void strike(Counter counter, String what, String... command)
      throws IOException, InterruptedException {
    String before = bootId();
    counter.resetWait();
    String typed = "tardigrade " + String.join(" ", command);
    say("$ " + typed);
    // The host goes down beneath the command, whose exit code tells nothing: the host does.
    int code = commands.command(command).code();
    if (bootId().equals(before)) {
      throw new IOException(
          "the "
              + what
              + " did not come about, the same operating system runs: '"
              + typed
              + "' ended with exit code "
              + code);
    }
    counter.awaitAnswers(ANSWERS_BETWEEN, ANSWERS_NANOS_MAX, "after the " + what);
    double waited = counter.longestWaitSeconds();
    Counter.Seen seen = counter.seen();
    say(
        String.format(
            Locale.ROOT,
            "%s: the client waited %.1f s, counter at %d, %d missing",
            what,
            waited,
            seen.last(),
            seen.missing() + seen.repeated()));
    for (String line : phases()) {
      say("  " + line);
    }
    say("");
  }

  /** Where the guest's time went, from its incident. */
  private List<String> phases() throws IOException {
    List<String> lines = new ArrayList<>();
    String told = inHost("host", "resume", "-o", "json");
    for (JsonNode guest : Json.parse("what 'host resume' says", told, JsonNode.class)) {
      String detail = guest.path("detail").asString("");
      lines.addAll(List.of(detail.replaceFirst(": ", ", ").split(", ", -1)));
    }
    return lines;
  }

  /** Of the system that runs in the host, once it serves commands. */
  private String bootId() throws IOException {
    String[] words = {"lab", "run", host, "--", "cat", "/proc/sys/kernel/random/boot_id"};
    Said said = commands.command(words);
    if (said.code() != 0) {
      throw new IOException(
          "'tardigrade " + String.join(" ", words) + "' ended with exit code " + said.code());
    }
    return said.out().strip();
  }

  private String inHost(String... words) throws IOException {
    List<String> line = new ArrayList<>(List.of("lab", "run", host, "--", "tardigrade"));
    line.addAll(List.of(words));
    return succeed(line.toArray(new String[0]));
  }

  private String succeed(String... words) throws IOException {
    say("$ tardigrade " + String.join(" ", words));
    Said said = commands.command(words);
    if (said.code() != 0) {
      throw new IOException(
          "'tardigrade "
              + String.join(" ", words)
              + "' ended with exit code "
              + said.code()
              + "; the demo cannot go on");
    }
    return said.out();
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
