package io.tardigrade.cli;

import io.tardigrade.cluster.Joining;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code host login}. */
@Command(
    name = "login",
    description = {
      "Let this machine, which is no host, give commands to the cluster that gave the token out,",
      "for 90 days: 'tardigrade --host ADDRESS list'. Prints where the cluster's hosts are."
    })
final class HostLoginCommand extends Subcommand {
  @Parameters(
      paramLabel = "TOKEN",
      description = "As 'host token --role client' prints it on a host.")
  private String token = "";

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the cluster calls this machine (default: its host name).")
  private @Nullable String name;

  HostLoginCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    String own = name == null ? HostSelf.hostName() : name;
    new Joining(paths()).login(token, own).forEach(session().out()::println);
    return ExitCode.DONE.code();
  }
}
