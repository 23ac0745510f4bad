package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code protect}. */
@Command(
    name = "protect",
    description = {
      "Keep replicas of a running guest on other hosts of the cluster.",
      "The guest runs on meanwhile; 'list' shows how far its backups are."
    })
final class ProtectCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--backups",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many other hosts are to keep it, 1 to 8 (default 1).")
  private int backups;

  ProtectCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    host().replicate(name, ReplicationRequest.protect(backups), session()::progress);
    session()
        .out()
        .println(name + " is to have " + backups + (backups == 1 ? " backup" : " backups"));
    return ExitCode.DONE.code();
  }
}
