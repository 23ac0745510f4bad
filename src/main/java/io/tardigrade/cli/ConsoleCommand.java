package io.tardigrade.cli;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
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
    GuestStatus guest = host().guest(name);
    GuestStatus.Replica replica = guest.replica();
    if (replica != null && replica.role().equals("backup")) {
      throw RefusedException.conflict(
          "guest '"
              + name
              + "' runs on "
              + (replica.primary().isEmpty() ? "no host yet" : "host " + replica.primary())
              + ", and this host keeps a replica of it: give the command there");
    }
    if (guest.guardian().pid() == null) {
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
