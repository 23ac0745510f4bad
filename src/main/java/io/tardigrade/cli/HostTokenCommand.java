package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code host token}. */
@Command(
    name = "token",
    description = "Print a token that lets one machine into this host's cluster, once.")
final class HostTokenCommand extends Subcommand {
  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "full",
      description = {
        "full; witness, which votes and runs no guest; or client, a machine that is no host and may"
            + " give commands (default ${DEFAULT-VALUE})."
      })
  private String role = "";

  @Option(
      names = "--valid",
      paramLabel = "TIME",
      defaultValue = "15m",
      description = "How long it can be used, up to 1440m (default ${DEFAULT-VALUE}).")
  private String valid = "";

  HostTokenCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    long seconds = Quantities.parseMillis("valid", valid) / 1000;
    session().out().println(host().cluster().token(role, seconds));
    return ExitCode.DONE.code();
  }
}
