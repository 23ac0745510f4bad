package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code host remove}. */
@Command(
    name = "remove",
    description = {
      "Take a host out of the cluster; its certificate is believed no more.",
      "One that is there must run no guest and keep no replica."
    })
final class HostRemoveCommand extends Subcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the host.")
  private String name = "";

  @Mixin private Confirmation confirmation = new Confirmation();

  HostRemoveCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!confirmation.agreed(session(), "Take host '" + name + "' out of the cluster?")) {
      session().progress("nothing was changed");
      return ExitCode.FAILED.code();
    }
    host().cluster().removeHost(name);
    return ExitCode.DONE.code();
  }
}
