package io.tardigrade.cli;

import io.tardigrade.control.HostStatus;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code host list}. */
@Command(name = "list", description = "List the hosts of the cluster.")
final class HostListCommand extends Subcommand {
  @Mixin private OutputOption output = new OutputOption();

  HostListCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Table<HostStatus> table =
        new Table<HostStatus>()
            .column("NAME", HostStatus::name)
            .column("ROLE", HostStatus::role)
            .column("ZONE", h -> Text.orNone(h.zone()))
            .column("ADDRESS", h -> h.address() + ":" + h.port())
            .column("STATE", h -> h.state().name())
            .column("VERSION", h -> Text.orNone(h.version()))
            .column("GUESTS", h -> Integer.toString(h.guests()))
            .column("FREE", h -> Quantities.bytes(h.freeMemoryBytes()))
            .column("VOTES", h -> h.server() ? "yes" : "no");
    output.list(session(), host().cluster().hosts(), HostStatus::name, table);
    return ExitCode.DONE.code();
  }
}
