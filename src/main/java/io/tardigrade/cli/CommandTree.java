package io.tardigrade.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;

/** All commands, in the order in which help lists them. */
final class CommandTree {
  private CommandTree() {}

  static CommandLine build(TopCommand top, Cli cli) {
    CommandLine line = new CommandLine(top);
    line.addSubcommand(new RunCommand(cli))
        .addSubcommand(new ListCommand(cli))
        .addSubcommand(new ShowCommand(cli))
        .addSubcommand(new StartCommand(cli))
        .addSubcommand(new StopCommand(cli))
        .addSubcommand(new MoveCommand(cli))
        .addSubcommand(new ProtectCommand(cli))
        .addSubcommand(new UnprotectCommand(cli))
        .addSubcommand(new SwitchoverCommand(cli))
        .addSubcommand(new FailoverCommand(cli))
        .addSubcommand(new DeleteCommand(cli))
        .addSubcommand(new WaitCommand(cli))
        .addSubcommand(new LogsCommand(cli))
        .addSubcommand(new ConsoleCommand(cli))
        .addSubcommand(new EventsCommand(cli))
        .addSubcommand(
            new CommandLine(new IncidentGroup())
                .addSubcommand(new IncidentListCommand(cli))
                .addSubcommand(new IncidentShowCommand(cli)))
        .addSubcommand(
            new CommandLine(new VolumeGroup())
                .addSubcommand(new VolumeListCommand(cli))
                .addSubcommand(new VolumeDeleteCommand(cli)))
        .addSubcommand(
            new CommandLine(new HostGroup())
                .addSubcommand(new HostInitCommand(cli))
                .addSubcommand(new HostTokenCommand(cli))
                .addSubcommand(new HostJoinCommand(cli))
                .addSubcommand(new HostLoginCommand(cli))
                .addSubcommand(new HostListCommand(cli))
                .addSubcommand(new HostShowCommand(cli))
                .addSubcommand(new HostRemoveCommand(cli))
                .addSubcommand(new HostPreserveCommand(cli))
                .addSubcommand(new HostResetCommand(cli))
                .addSubcommand(new HostResumeCommand(cli)))
        .addSubcommand(LabGroup.build(cli))
        .addSubcommand(new DoctorCommand(cli))
        .addSubcommand(new MaintenanceCommand(cli))
        .addSubcommand(new AgentCommand(cli))
        .addSubcommand(
            new CommandLine(new DemoCommand(cli))
                .addSubcommand(new DemoResetCommand(cli))
                .addSubcommand(new DemoFailoverCommand(cli)))
        .addSubcommand(new SimulateCommand(cli))
        .addSubcommand(
            new CommandLine(new BenchCommand(cli))
                .addSubcommand(new BenchResetCommand(cli))
                .addSubcommand(new BenchClusterCommand(cli)))
        .addSubcommand(new VersionCommand(cli))
        .addSubcommand(new WarmUpCommand(cli))
        .addSubcommand(completion());
    // What follows the program's name belongs to the program, with or without -- before it.
    line.getSubcommands().values().stream()
        .filter(sub -> sub.getCommand() instanceof RunCommand)
        .forEach(sub -> sub.setStopAtPositional(true));
    addTopOptions(line);
    return line;
  }

  private static CommandLine completion() {
    CommandLine completion = new CommandLine(new AutoComplete.GenerateCompletion());
    completion.getCommandSpec().usageMessage().hidden(true);
    return completion;
  }

  private static void addTopOptions(CommandLine line) {
    line.getCommandSpec()
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help; 'COMMAND --help' shows a command's.")
                .build())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Print the version.")
                .build());
    Map<String, String> codes = new LinkedHashMap<>();
    for (ExitCode code : ExitCode.values()) {
      codes.put(Integer.toString(code.code()), code.meaning());
    }
    line.getCommandSpec().usageMessage().exitCodeList(codes);
    line.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n");
    line.getCommandSpec()
        .usageMessage()
        .footer("", "From a clone, './tardigrade test [--quick | --long]' runs the tests.");
  }

  /** {@code incident}. */
  @Command(
      name = "incident",
      mixinStandardHelpOptions = true,
      description = "Failures and what was done about them.")
  private static final class IncidentGroup {}

  /** {@code host}. */
  @Command(
      name = "host",
      mixinStandardHelpOptions = true,
      description = {
        "The hosts of a cluster, and this host's operating system, which can be replaced beneath"
            + " its guests."
      })
  private static final class HostGroup {}

  /** {@code volume}. */
  @Command(
      name = "volume",
      mixinStandardHelpOptions = true,
      description = "Volumes, which outlive the guests that use them.")
  private static final class VolumeGroup {}
}
