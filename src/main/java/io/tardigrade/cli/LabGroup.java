package io.tardigrade.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code lab}. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    description = {
      "Hosts to try failures of a whole host in. Of kind vm: emulated, a Debian with a working KVM,",
      "preserved memory and this program in it. Of kind namespace: a cluster of hosts that share this",
      "machine's kernel, whose links can be cut and slowed, and whose power can be cut."
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
        .addSubcommand(new LabKillCommand(cli))
        .addSubcommand(new LabStartCommand(cli))
        .addSubcommand(new LabPauseCommand(cli))
        .addSubcommand(new LabResumeCommand(cli))
        .addSubcommand(new LabCutCommand(cli))
        .addSubcommand(new LabLinkCommand(cli))
        .addSubcommand(new LabHealCommand(cli))
        .addSubcommand(new LabDownCommand(cli));
  }
}
