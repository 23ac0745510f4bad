package io.tardigrade.cli;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.GuestKeeper;
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

  GuestControl control() {
    return session().control().apply(paths());
  }

  GuestKeeper keeper() {
    return new GuestKeeper(paths(), session().addressing().apply(paths()));
  }

  StatusReader statuses() {
    return new StatusReader(paths(), control());
  }

  IncidentStore incidents() {
    return new IncidentStore(paths().incidents());
  }

  EventLog events() {
    return new EventLog(paths().events());
  }
}
