package io.tardigrade.cli;

import io.tardigrade.guest.UsageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lab cut}. */
@Command(
    name = "cut",
    description = {
      "Let nothing pass between two lab hosts of kind namespace; 'lab heal' takes it back.",
      "With one host named, its cables are pulled out: nobody reaches it, nor any guest in it."
    })
final class LabCutCommand extends LabSubcommand {
  @Parameters(index = "0", paramLabel = "HOST", description = "Name of a lab host.")
  private String from = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OTHER",
      description = "Name of another; without it, all.")
  private @Nullable String to;

  @Option(
      names = "--one-way",
      description = "Only what HOST sends to OTHER is lost, not what comes back.")
  private boolean oneWay;

  LabCutCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    if (to == null && oneWay) {
      throw new UsageException("--one-way is between two hosts; name both, such as h1 h2");
    }
    if (to == null) {
      namespaces().isolate(from);
    } else {
      namespaces().cut(from, to, !oneWay);
    }
    return ExitCode.DONE.code();
  }
}
