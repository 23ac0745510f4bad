package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code lab heal}. */
@Command(
    name = "heal",
    description = {
      "Take back all cuts, delays, losses and limits of the links between lab hosts.",
      "Hosts that are off or paused stay so."
    })
final class LabHealCommand extends LabSubcommand {
  LabHealCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().heal();
    return ExitCode.DONE.code();
  }
}
