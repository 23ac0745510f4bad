package io.tardigrade.demo;

import io.tardigrade.guest.Json;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  private final Stage stage;

  /** A demonstration in a lab host of this name. */
  public ResetDemo(String host, Commands commands, PrintStream out) {
    this.host = host;
    this.stage = new Stage(commands, out);
  }

  /** Runs it; true where nothing was missing. The lab host is gone afterwards. */
  public boolean run() throws IOException, InterruptedException {
    return stage.play(this::play, "lab", "down", host);
  }

  private boolean play() throws IOException, InterruptedException {
    var _ = stage.typed("lab", "up", "--name", host);
    var _ = inHost("host", "preserve", "--size", "512M");
    String made =
        inHost(
            "run",
            "--name",
            GUEST,
            "--checkpoint-interval",
            "10s",
            "--hang-timeout",
            "30s",
            "--detach",
            "--",
            "redis-server",
            "--protected-mode",
            "no");
    return count(Stage.address(made));
  }

  private boolean count(String address) throws IOException, InterruptedException {
    stage.say("");
    stage.say(
        "One client on this machine counts with INCR on one TCP connection to " + address + ".");
    stage.say("");
    Counter.Seen total;
    try (Counter counter = Counter.connect(address, CONNECT_NANOS_MAX, ANSWER_MILLIS_MAX)) {
      counter.awaitAnswers(ANSWERS_BETWEEN, ANSWERS_NANOS_MAX, "before the reset");
      strike(counter, "planned reset", "lab", "run", host, "--", "tardigrade", "host", "reset");
      strike(counter, "kernel panic", "lab", "panic", host);
      total = counter.seen();
    }
    return stage.sum(total);
  }

  private void strike(Counter counter, String what, String... command)
      throws IOException, InterruptedException {
    String before = bootId();
    counter.resetWait();
    String typed = "tardigrade " + String.join(" ", command);
    stage.say("$ " + typed);
    // The host goes down beneath the command, whose exit code tells nothing: the host does.
    int code = stage.ask(command).code();
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
    stage.say(
        String.format(
            Locale.ROOT,
            "%s: the client waited %.1f s, counter at %d, %d missing",
            what,
            waited,
            seen.last(),
            seen.missing() + seen.repeated()));
    for (String line : phases()) {
      stage.say("  " + line);
    }
    stage.say("");
  }

  /** Where the guest's time went, from its incident. */
  private List<String> phases() throws IOException {
    List<String> lines = new ArrayList<>();
    String told = inHost("host", "resume", "-o", "json");
    for (JsonNode guest : Json.parse("what 'host resume' says", told, JsonNode.class)) {
      lines.add(
          "stood still for " + Quantities.seconds(guest.path("blackout_seconds").asDouble(0)));
      for (Map.Entry<String, JsonNode> phase : guest.path("phase_seconds").properties()) {
        lines.add(phase.getKey() + " " + Quantities.seconds(phase.getValue().asDouble(0)));
      }
    }
    return lines;
  }

  /** Of the system that runs in the host, once it serves commands. */
  private String bootId() throws IOException {
    String[] words = {"lab", "run", host, "--", "cat", "/proc/sys/kernel/random/boot_id"};
    Commands.Said said = stage.ask(words);
    if (said.code() != 0) {
      throw new IOException(
          "'tardigrade " + String.join(" ", words) + "' ended with exit code " + said.code());
    }
    return said.out().strip();
  }

  private String inHost(String... words) throws IOException {
    List<String> line = new ArrayList<>(List.of("lab", "run", host, "--", "tardigrade"));
    line.addAll(List.of(words));
    return stage.typed(line.toArray(new String[0]));
  }
}
