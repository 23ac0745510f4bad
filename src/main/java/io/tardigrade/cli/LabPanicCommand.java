package io.tardigrade.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab panic}. */
@Command(
    name = "panic",
    description = {
      "Make a lab host's kernel panic, and wait until the host serves commands again.",
      "Its disk and preserved memory stay; it boots again after 5 s, or at once in a crash kernel."
    })
final class LabPanicCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  LabPanicCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    return strike(name, "panicking the kernel of", (_, host) -> host.panic());
  }
}
