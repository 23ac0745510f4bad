package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import picocli.CommandLine.Command;

/** {@code switchover}. */
@Command(
    name = "switchover",
    description = {
      "Let a guest run on another host from now on.",
      "Its connections live on and nothing is lost; it stands still for its last checkpoint."
    })
final class SwitchoverCommand extends RelocatingSubcommand {
  SwitchoverCommand(Cli cli) {
    super(cli, ReplicationRequest.Verb.SWITCHOVER);
  }
}
