package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab reset}. */
@Command(
    name = "reset",
    description = {
      "Push a lab host's reset button, and wait until it serves commands again.",
      "Its disk and preserved memory stay."
    })
final class LabResetCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabResetCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    return strike(name, "pushing the reset button of", (_, host) -> host.reset());
  }
}
