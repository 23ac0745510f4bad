package io.tardigrade.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code tardigrade} itself. */
@Command(
    name = "tardigrade",
    versionProvider = VersionCommand.Provider.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Keeps a running virtual machine alive when the platform beneath it dies.",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n")
final class TopCommand {
  @Option(
      names = "--state",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "State folder (TARDIGRADE_STATE, default /var/lib/tardigrade).")
  @Nullable String state;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      scope = ScopeType.INHERIT,
      description = "Ask the agent of that host of a cluster (TARDIGRADE_HOST, default this one).")
  @Nullable String host;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces (TARDIGRADE_DEBUG).")
  boolean debug;
}
