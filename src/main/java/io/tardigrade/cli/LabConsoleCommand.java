package io.tardigrade.cli;

import io.tardigrade.lab.LabHost;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab console}. */
@Command(
    name = "console",
    description = {
      "Open a lab host's serial console, with a root shell on it. Ctrl-] leaves it.",
      "Where the input is no terminal, it is typed, and the console left when it has been silent"
          + " for a second."
    })
final class LabConsoleCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabConsoleCommand(Cli cli) {
    super(cli);
  }

  private LabHost emulatedHost() throws IOException {
    return emulated(name, "'tardigrade lab run " + name + " -- bash' opens a shell in it");
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    boolean terminal = session().interactive();
    try (LabHost.Console console = emulatedHost().console()) {
      if (terminal) {
        session().progress("connected to " + name + "; Ctrl-] leaves, Enter shows the prompt");
      }
      try (RawTerminal _ = terminal ? RawTerminal.enter() : RawTerminal.none()) {
        new ConsoleRelay(session().in(), session().out(), console.channel(), terminal).run();
      }
    }
    if (terminal) {
      session().err().println();
    }
    return ExitCode.DONE.code();
  }
}
