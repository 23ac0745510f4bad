package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code failover}. */
@Command(
    name = "failover",
    description = {
      "Have a backup take a guest over now, whatever its host is doing.",
      "For a host that is stuck and not taken for dead; 'switchover' is gentler."
    })
final class FailoverCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--to",
      paramLabel = "HOST",
      description = "One of its backups (default the best of them).")
  private @Nullable String to;

  FailoverCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    host()
        .replicate(
            name,
            ReplicationRequest.move(ReplicationRequest.Verb.FAILOVER, to),
            session()::progress);
    return ExitCode.DONE.code();
  }
}
