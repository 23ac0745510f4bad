package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stop}. */
@Command(name = "stop", description = "Shut a guest down, by force if it does not comply in time.")
final class StopCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "How long it may take by itself (default 10s; 0s: by force at once).")
  private String timeout = "";

  StopCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    long timeoutMillis = Quantities.parseMillis("timeout", timeout);
    var _ = host().stop(name, timeoutMillis);
    return ExitCode.DONE.code();
  }
}
