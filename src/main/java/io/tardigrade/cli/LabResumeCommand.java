package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code lab resume}. */
@Command(
    name = "resume",
    description = {"Let a paused lab host go on; it does not know that time has passed."})
final class LabResumeCommand extends LabNamespaceSubcommand {
  LabResumeCommand(Cli cli) {
    super(cli);
  }

  @Override
  void strike(NamespaceLab lab, String host) throws IOException {
    lab.resume(host);
  }
}
