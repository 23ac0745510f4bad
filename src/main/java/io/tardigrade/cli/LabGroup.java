package io.tardigrade.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code lab}. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    description = {
      "Emulated hosts to try failures of a whole host in: a Debian with a working KVM, preserved",
      "memory and this program in it."
    })
final class LabGroup {
  private LabGroup() {}

  static CommandLine build(Cli cli) {
    CommandLine run = new CommandLine(new LabRunCommand(cli));
    // What follows the host's name belongs to the command run there.
    run.setStopAtPositional(true);
    return new CommandLine(new LabGroup())
        .addSubcommand(new LabUpCommand(cli))
        .addSubcommand(new LabListCommand(cli))
        .addSubcommand(run)
        .addSubcommand(new LabConsoleCommand(cli))
        .addSubcommand(new LabPanicCommand(cli))
        .addSubcommand(new LabPowerCutCommand(cli))
        .addSubcommand(new LabResetCommand(cli))
        .addSubcommand(new LabLeakCommand(cli))
        .addSubcommand(new LabDownCommand(cli));
  }
}
