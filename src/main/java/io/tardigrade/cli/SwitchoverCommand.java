package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code switchover}. */
@Command(
    name = "switchover",
    description = {
      "Let a guest run on another host from now on.",
      "Its connections live on and nothing is lost; it stands still for its last checkpoint."
    })
final class SwitchoverCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--to",
      paramLabel = "HOST",
      description = "One of its backups (default the best of them).")
  private @Nullable String to;

  SwitchoverCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    host()
        .replicate(
            name,
            ReplicationRequest.move(ReplicationRequest.Verb.SWITCHOVER, to),
            session()::progress);
    return ExitCode.DONE.code();
  }
}
