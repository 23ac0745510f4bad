package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab kill}. */
@Command(
    name = "kill",
    description = {
      "Cut the power of a lab host of kind namespace: all its processes are killed, and what it had",
      "in RAM is gone. It falls silent first, as a machine does: nobody is told. 'lab start' boots it."
    })
final class LabKillCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabKillCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().kill(name);
    return ExitCode.DONE.code();
  }
}
