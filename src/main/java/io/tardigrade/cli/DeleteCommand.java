package io.tardigrade.cli;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.launch.GuestKeeper;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code delete}. */
@Command(
    name = "delete",
    aliases = "rm",
    description = {
      "Delete a guest with its memory, disk, logs and published ports; a running one is stopped.",
      "Its volumes stay; see 'tardigrade volume'."
    })
final class DeleteCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Mixin private Confirmation confirmation = new Confirmation();

  DeleteCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    boolean running = isRunning();
    String question =
        (running ? "Stop and delete running guest '" : "Delete guest '") + name + "' for good?";
    if (!confirmation.agreed(session(), question)) {
      session().progress("nothing was deleted");
      return ExitCode.FAILED.code();
    }
    host().delete(name);
    return ExitCode.DONE.code();
  }

  private boolean isRunning() throws IOException {
    if (cli().isRemote()) {
      GuestStatus.State state = host().guest(name).state();
      return state != GuestStatus.State.STOPPED && state != GuestStatus.State.FAILED;
    }
    return GuestKeeper.find(paths(), name).desiredRunning();
  }
}
