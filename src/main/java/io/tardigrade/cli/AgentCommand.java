package io.tardigrade.cli;

import io.tardigrade.agent.Agent;
import io.tardigrade.agent.EarlyGuardians;
import io.tardigrade.linux.ServiceManager;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code agent}. */
@Command(
    name = "agent",
    description = {
      "Be this host's agent, in the foreground, until Ctrl-C or SIGTERM; guests go on without.",
      "For a service manager, or to look on: the first 'run' starts an agent where there is none."
    })
final class AgentCommand extends Subcommand {
  AgentCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    // Done already where nothing but the command's name was given.
    EarlyGuardians.start(paths());
    Agent.serve(paths(), ServiceManager.of(session().environment()));
    return ExitCode.DONE.code();
  }
}
