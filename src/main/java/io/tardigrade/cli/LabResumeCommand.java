package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab resume}. */
@Command(
    name = "resume",
    description = {"Let a paused lab host go on; it does not know that time has passed."})
final class LabResumeCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabResumeCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().resume(name);
    return ExitCode.DONE.code();
  }
}
