package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code unprotect}. */
@Command(
    name = "unprotect",
    description = {
      "Keep a guest on the host that it runs on, and nowhere else.",
      "It runs on; a failure of that host ends it."
    })
final class UnprotectCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  UnprotectCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    host().replicate(name, ReplicationRequest.unprotect(), session()::progress);
    session().out().println(name + " has no backups");
    return ExitCode.DONE.code();
  }
}
