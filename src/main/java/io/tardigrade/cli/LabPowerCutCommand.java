package io.tardigrade.cli;

import io.tardigrade.lab.Lab;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab power-cut}. */
@Command(
    name = "power-cut",
    description = {
      "Cut a lab host's power, and boot it from its disk; also one that is off.",
      "Memory is lost, and so is what was written to the disk but not flushed."
    })
final class LabPowerCutCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabPowerCutCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    return strike(name, "cutting the power of", Lab::powerCut);
  }
}
