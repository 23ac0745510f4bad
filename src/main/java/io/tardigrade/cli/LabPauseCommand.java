package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code lab pause}. */
@Command(
    name = "pause",
    description = {
      "Let a lab host of kind namespace stand still: its processes and its part in the network."
    })
final class LabPauseCommand extends LabNamespaceSubcommand {
  LabPauseCommand(Cli cli) {
    super(cli);
  }

  @Override
  void strike(NamespaceLab lab, String host) throws IOException {
    lab.pause(host);
  }
}
