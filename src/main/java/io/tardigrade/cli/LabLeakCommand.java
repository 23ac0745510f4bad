package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.lab.LabHost;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lab leak}. */
@Command(
    name = "leak",
    description = {
      "Let memory leak in a lab host, in its kernel or in a process, up to a limit, where it is held.",
      "--stop ends all its leaks and frees what they hold."
    })
final class LabLeakCommand extends LabSubcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "kernel",
      description = "What leaks: kernel or process (default kernel).")
  private LabHost.Leak kind = LabHost.Leak.KERNEL;

  @Option(
      names = "--rate",
      paramLabel = "SIZE",
      defaultValue = "8M",
      description = "So much a second (default 8M).")
  private String rate = "";

  @Option(
      names = "--limit",
      paramLabel = "SIZE",
      defaultValue = "512M",
      description = "No more than this (default 512M).")
  private String limit = "";

  @Option(names = "--stop", description = "End the host's leaks.")
  private boolean stop;

  LabLeakCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    long rateBytes = Quantities.parseBytes("rate", rate);
    long limitBytes = Quantities.parseBytes("limit", limit);
    if (rateBytes < 1) {
      throw new UsageException("rate '" + rate + "' leaks nothing; give at least 1");
    }
    LabHost host = emulated(name, "leak in an emulated one, of kind vm");
    if (stop) {
      host.stopLeaks();
      return ExitCode.DONE.code();
    }
    if (limitBytes > host.spec().memoryBytes()) {
      throw new UsageException(
          "limit '%s' is more than the %s that lab host '%s' has"
              .formatted(limit, Quantities.bytes(host.spec().memoryBytes()), name));
    }
    host.leak(kind, rateBytes, limitBytes);
    return ExitCode.DONE.code();
  }
}
