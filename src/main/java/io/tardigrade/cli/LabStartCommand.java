package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab start}. */
@Command(
    name = "start",
    description = {"Boot a lab host of kind namespace that is off, from what is on its disk."})
final class LabStartCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabStartCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().start(name);
    return ExitCode.DONE.code();
  }
}
