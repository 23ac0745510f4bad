package io.tardigrade.cli;

import io.tardigrade.preserve.Place;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code move}. */
@Command(
    name = "move",
    description = {
      "Move a running guest's committed image to preserved or to ordinary memory.",
      "Its connections live on; it stands still about as long as for a recovery."
    })
final class MoveCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--to",
      paramLabel = "MEMORY",
      required = true,
      description = "preserved: outlives the host's operating system; ordinary: does not.")
  private String to = "";

  MoveCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Place place = Place.parse(to);
    var _ = host().move(name, place, session()::progress);
    session().out().println(name + " lies in " + place.text() + " memory");
    return ExitCode.DONE.code();
  }
}
