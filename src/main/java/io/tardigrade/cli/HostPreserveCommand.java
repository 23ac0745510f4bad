package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.reset.HostPreparation;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code host preserve}. */
@Command(
    name = "preserve",
    description =
        "Prepare this host to keep guests' memory while its operating system is replaced.")
final class HostPreserveCommand extends Subcommand {
  @Option(
      names = "--size",
      paramLabel = "SIZE",
      required = true,
      description = "Memory to set aside, a multiple of 128M; guests' RAM and a tenth.")
  private String size = "";

  @Option(names = "--dry-run", description = "Say what would be done, and stop.")
  private boolean dryRun;

  HostPreserveCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    HostPreparation preparation = new HostPreparation(paths());
    HostPreparation.Plan plan = preparation.plan(Quantities.parseBytes("size", size));
    plan.steps().forEach(session().out()::println);
    if (!dryRun) {
      preparation.prepare(plan);
      session().progress(plan.reserved() ? "done" : "done; reboot to put it into effect");
    }
    return ExitCode.DONE.code();
  }
}
