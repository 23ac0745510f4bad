package io.tardigrade.cli;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code console}. */
@Command(
    name = "console",
    description = {
      "Open a guest's console. Ctrl-] leaves it.",
      "Where the input is no terminal, it is typed, and the console left when it has been silent"
          + " for a second."
    })
final class ConsoleCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  ConsoleCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (host().guest(name).guardian().pid() == null) {
      throw RefusedException.conflict(
          "guest '" + name + "' does not run: 'tardigrade start " + name + "' boots it");
    }
    boolean terminal = session().interactive();
    if (terminal) {
      session().progress("connected to " + name + "; Ctrl-] leaves");
    }
    try (SocketChannel channel = GuardianClient.connect(paths(), name).console();
        RawTerminal _ = terminal ? RawTerminal.enter() : RawTerminal.none()) {
      new ConsoleRelay(session().in(), session().out(), channel, terminal).run();
    }
    if (terminal) {
      session().err().println();
    }
    return ExitCode.DONE.code();
  }
}
