package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab pause}. */
@Command(
    name = "pause",
    description = {
      "Let a lab host of kind namespace stand still: its processes and its part in the network."
    })
final class LabPauseCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabPauseCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().pause(name);
    return ExitCode.DONE.code();
  }
}
