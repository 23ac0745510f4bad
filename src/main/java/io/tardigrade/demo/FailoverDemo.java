package io.tardigrade.demo;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * The demonstration of a guest that outlives its machine: a lab of three hosts, a redis guest with
 * two backups, a client on this machine that counts on one connection while the power of the host
 * under the guest is cut again and again. Each step is a command that a user could type.
 */
public final class FailoverDemo {
  private static final int ROUNDS = 3;
  private static final int ANSWER_MILLIS_MAX = 120_000;
  private static final long ANSWERS_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);
  private static final long CONNECT_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);
  private static final long PROTECTED_NANOS_MAX = TimeUnit.MINUTES.toNanos(5);
  private static final long ANSWERS_BETWEEN = 200;
  private static final long POLL_MILLIS = 500;
  private static final String GUEST = "kv";
  private static final List<String> HOSTS = List.of("h1", "h2", "h3");

  private final Stage stage;

  /** A demonstration by these commands. */
  public FailoverDemo(Commands commands, PrintStream out) {
    this.stage = new Stage(commands, out);
  }

  /** Runs it; true where nothing was missing. The lab is gone afterwards. */
  public boolean run() throws IOException, InterruptedException {
    String others = stage.succeed("lab", "list", "-o", "name");
    if (!others.isBlank()) {
      throw new IOException(
          "the demo needs a lab of its own; 'tardigrade lab down' removes the one there is");
    }
    return stage.play(this::play, "lab", "down");
  }

  private boolean play() throws IOException, InterruptedException {
    var _ = stage.typed("lab", "up", "--hosts", "3");
    String made =
        stage.typed(
            ("lab run h1 -- tardigrade run --name " + GUEST)
                .concat(" --memory 128M --backups 2 --detach -- redis-server")
                .concat(" --protected-mode no")
                .split(" ", -1));
    return count(Stage.address(made));
  }

  private boolean count(String address) throws IOException, InterruptedException {
    String primary = awaitProtection();
    stage.say("");
    stage.say(
        "One client on this machine counts with INCR on one TCP connection to " + address + ".");
    Counter.Seen total;
    try (Counter counter = Counter.connect(address, CONNECT_NANOS_MAX, ANSWER_MILLIS_MAX)) {
      counter.awaitAnswers(ANSWERS_BETWEEN, ANSWERS_NANOS_MAX, "before the first cut");
      for (int round = 1; round <= ROUNDS; round++) {
        counter.resetWait();
        var _ = stage.typed("lab", "kill", primary);
        counter.awaitAnswers(ANSWERS_BETWEEN, ANSWERS_NANOS_MAX, "after " + primary + " was lost");
        double waited = counter.longestWaitSeconds();
        Counter.Seen seen = counter.seen();
        stage.say(
            String.format(
                Locale.ROOT,
                "%s lost its power: the client waited %.2f s, counter at %d, %d missing",
                primary,
                waited,
                seen.last(),
                seen.missing() + seen.repeated()));
        var _ = stage.typed("lab", "start", primary);
        primary = awaitProtection();
      }
      total = counter.seen();
    }
    return stage.sum(total);
  }

  /** Waits until the guest has both backups; returns the host that runs it. */
  private String awaitProtection() throws IOException, InterruptedException {
    stage.say("waiting until two backups hold all that the guest is");
    long deadline = System.nanoTime() + PROTECTED_NANOS_MAX;
    String last = "";
    while (System.nanoTime() - deadline < 0) {
      for (String host : HOSTS) {
        String[] words = {"lab", "run", host, "--", "tardigrade", "list", "--local", "-o", "json"};
        Commands.Said said = stage.ask(words);
        if (said.code() == 0) {
          for (JsonNode guest : Json.parse("what 'list' says", said.out(), JsonNode.class)) {
            JsonNode replica = guest.path("replica");
            if (replica.path("role").asString("").equals("primary")) {
              last = replica.path("text").asString("");
              if (last.equals("2/2")) {
                return host;
              }
            }
          }
        }
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new IOException(
        "the guest has not got two backups in time: its protection is '" + last + "'");
  }
}
