package io.tardigrade.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;

/** Where a demonstration in a lab takes place: it types commands and says what it sees. */
final class Stage {
  private final Commands commands;
  private final PrintStream out;

  Stage(Commands commands, PrintStream out) {
    this.commands = commands;
    this.out = out;
  }

  /** A demonstration; true where nothing was missing. */
  interface Act {
    boolean play() throws IOException, InterruptedException;
  }

  /** Plays it, and ends its lab by this command whatever becomes of it, also on Ctrl-C. */
  boolean play(Act act, String... down) throws IOException, InterruptedException {
    Thread onInterrupt = new Thread(() -> commands.command(down), "end-demo-lab");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      return act.play();
    } finally {
      var _ = commands.command(down);
      try {
        Runtime.getRuntime().removeShutdownHook(onInterrupt);
      } catch (IllegalStateException e) {
        // Interrupted: the hook is running, and finds nothing left to remove.
      }
    }
  }

  void say(String line) {
    out.println(line);
    out.flush();
  }

  /** Runs a command without a word; its end may tell something or nothing. */
  Commands.Said ask(String... words) {
    return commands.command(words);
  }

  /** Shows a command, then runs it; it has to succeed. Returns what it printed. */
  String typed(String... words) throws IOException {
    say("$ tardigrade " + String.join(" ", words));
    return succeed(words);
  }

  /** Runs a command that has to succeed; returns what it printed. */
  String succeed(String... words) throws IOException {
    Commands.Said said = commands.command(words);
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

  /** The address in what {@code run --detach} prints. */
  static String address(String said) throws IOException {
    String[] nameAndAddress = said.strip().split("\\s+", -1);
    if (nameAndAddress.length < 2) {
      throw new IOException("'run' printed '" + said.strip() + "', expected name and address");
    }
    return nameAndAddress[1];
  }

  /** Says what became of a client; true where nothing was missing. */
  boolean sum(Counter.Seen total) {
    say(
        String.format(
            Locale.ROOT,
            "%d increments acknowledged, %d missing, %d repeated, 1 connection",
            total.acknowledged(),
            total.missing(),
            total.repeated()));
    return total.missing() == 0 && total.repeated() == 0;
  }
}
