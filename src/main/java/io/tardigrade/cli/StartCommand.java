package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code start}. */
@Command(name = "start", description = "Boot a guest that was stopped or has ended.")
final class StartCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  StartCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    var _ = host().start(name, session()::progress);
    return ExitCode.DONE.code();
  }
}
