package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import picocli.CommandLine.Parameters;

/** What befalls one lab host of kind namespace. */
abstract class LabNamespaceSubcommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabNamespaceSubcommand(Cli cli) {
    super(cli);
  }

  /** Does it to the host of this name. */
  abstract void strike(NamespaceLab lab, String host) throws IOException;

  @Override
  public Integer call() throws IOException {
    strike(namespaces(), name);
    return ExitCode.DONE.code();
  }
}
