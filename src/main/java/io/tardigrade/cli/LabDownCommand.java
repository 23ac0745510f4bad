package io.tardigrade.cli;

import io.tardigrade.lab.Lab;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab down}. */
@Command(
    name = "down",
    description = {
      "Remove a lab host, or all of them, with all that is on their disks; running ones are cut off.",
      "Hosts that are namespaces go together, all or none.",
      "What makes the next 'lab up' fast is kept in the cache."
    })
final class LabDownCommand extends LabSubcommand {
  @Parameters(
      paramLabel = "HOST",
      arity = "0..1",
      description = "Name of the lab host; without it, all.")
  private @Nullable String name;

  LabDownCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Lab lab = lab();
    if (name == null) {
      lab.downAll().forEach(gone -> session().progress("removed " + gone));
      namespaces().down().forEach(gone -> session().progress("removed " + gone));
    } else if (namespaces().find(name).isPresent()) {
      throw RefusedException.conflict(
          "lab host '%1$s' belongs to a cluster of namespaces; 'tardigrade lab kill %1$s' cuts its"
                  .formatted(name)
              + " power, 'tardigrade lab down' removes all hosts");
    } else {
      var _ = lab.host(name);
      lab.down(name);
    }
    return ExitCode.DONE.code();
  }
}
