package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code lab start}. */
@Command(
    name = "start",
    description = {"Boot a lab host of kind namespace that is off, from what is on its disk."})
final class LabStartCommand extends LabNamespaceSubcommand {
  LabStartCommand(Cli cli) {
    super(cli);
  }

  @Override
  void strike(NamespaceLab lab, String host) throws IOException {
    lab.start(host);
  }
}
