package io.tardigrade.cli;

import io.tardigrade.control.HostApi;
import io.tardigrade.guest.HostPaths;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** What all commands share: their way to the host and its guests. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
abstract class Subcommand implements Callable<Integer> {
  private final Cli cli;

  Subcommand(Cli cli) {
    this.cli = cli;
  }

  Cli cli() {
    return cli;
  }

  Session session() {
    return cli.session();
  }

  HostPaths paths() {
    return cli.paths();
  }

  HostApi host() {
    return cli.host();
  }
}
