package io.tardigrade.cli;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.Joining;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code host init}. */
@Command(
    name = "init",
    description = {
      "Make this host a cluster of one, which others can join.",
      "Its guests go on as they are; 'host token' then lets the next host in."
    })
final class HostInitCommand extends Subcommand {
  @Mixin private HostSelf self = new HostSelf();

  @Option(
      names = "--network",
      paramLabel = "NETWORK",
      defaultValue = "10.117.0.0/16",
      description = "Network of the cluster's guests (default ${DEFAULT-VALUE}).")
  private String network = "";

  HostInitCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ClusterConfig made = new Joining(paths()).found(self.own(), network);
    session().progress("cluster " + made.cluster() + " begins");
    return new Arrival(this).await(made);
  }
}
