package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.launch.Volumes;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code volume list}. */
@Command(name = "list", description = "List the volumes.")
final class VolumeListCommand extends Subcommand {
  @Mixin private OutputOption output = new OutputOption();

  VolumeListCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Table<Volumes.Info> table =
        new Table<Volumes.Info>()
            .column("NAME", Volumes.Info::name)
            .column("SIZE", v -> Quantities.bytes(v.sizeBytes()))
            .column("GUESTS", v -> Text.orNone(String.join(", ", v.guests())));
    output.list(session(), new Volumes(paths()).list(), Volumes.Info::name, table);
    return ExitCode.DONE.code();
  }
}
