package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code incident list}. */
@Command(name = "list", description = "List incidents, oldest first.")
final class IncidentListCommand extends Subcommand {
  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only those of this guest.")
  private @Nullable String guest;

  @Mixin private OutputOption output = new OutputOption();

  IncidentListCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    List<Incident> found = host().incidents(guest);
    Table<Incident> table =
        new Table<Incident>()
            .column("ID", Incident::id)
            .column("GUEST", Incident::guest)
            .column("CAUSE", Incident::cause)
            .column("OUTCOME", Incident::outcome)
            .column("BLACKOUT", i -> Quantities.seconds(i.blackoutSeconds()))
            .column("EPOCH", i -> Long.toString(i.resumedEpoch()))
            .column("SUMMARY", Incident::summary);
    output.list(session(), found, Incident::id, table);
    return ExitCode.DONE.code();
  }
}
