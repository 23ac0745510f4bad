package io.tardigrade.cli;

import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.Volumes;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code volume delete}. */
@Command(name = "delete", aliases = "rm", description = "Delete a volume that no guest has.")
final class VolumeDeleteCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the volume.")
  private String name = "";

  @Mixin private Confirmation confirmation = new Confirmation();

  VolumeDeleteCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Volumes volumes = new Volumes(paths());
    if (!volumes.exists(io.tardigrade.guest.GuestSpec.checkName("volume", name))) {
      throw RefusedException.notFound(
          "volume '" + name + "' does not exist; 'tardigrade volume list' shows those that do");
    }
    if (!confirmation.agreed(session(), "Delete volume '" + name + "' and all that is on it?")) {
      session().progress("nothing was deleted");
      return ExitCode.FAILED.code();
    }
    volumes.delete(name);
    return ExitCode.DONE.code();
  }
}
