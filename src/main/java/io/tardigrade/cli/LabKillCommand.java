package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code lab kill}. */
@Command(
    name = "kill",
    description = {
      "Cut the power of a lab host of kind namespace: all its processes are killed, and what it had",
      "in RAM is gone. It falls silent first, as a machine does: nobody is told. 'lab start' boots it."
    })
final class LabKillCommand extends LabNamespaceSubcommand {
  LabKillCommand(Cli cli) {
    super(cli);
  }

  @Override
  void strike(NamespaceLab lab, String host) throws IOException {
    lab.kill(host);
  }
}
