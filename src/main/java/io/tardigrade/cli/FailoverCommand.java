package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import picocli.CommandLine.Command;

/** {@code failover}. */
@Command(
    name = "failover",
    description = {
      "Have a backup take a guest over now, whatever its host is doing.",
      "For a host that is stuck and not taken for dead; 'switchover' is gentler."
    })
final class FailoverCommand extends RelocatingSubcommand {
  FailoverCommand(Cli cli) {
    super(cli, ReplicationRequest.Verb.FAILOVER);
  }
}
