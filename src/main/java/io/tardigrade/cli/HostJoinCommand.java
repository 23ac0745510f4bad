package io.tardigrade.cli;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.Joining;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code host join}. */
@Command(
    name = "join",
    description = {
      "Make this machine a host of the cluster that gave the token out.",
      "At three hosts the cluster's coordination service grows to three servers, at five to five."
    })
final class HostJoinCommand extends Subcommand {
  @Parameters(paramLabel = "TOKEN", description = "As 'host token' prints it.")
  private String token = "";

  @Mixin private HostSelf self = new HostSelf();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      description = "full, witness or client: refuse a token that is for another.")
  private @Nullable String role;

  HostJoinCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ClusterConfig made = new Joining(paths()).join(token, self.own(), role);
    session().progress("is let into cluster " + made.cluster());
    return new Arrival(this).await(made);
  }
}
