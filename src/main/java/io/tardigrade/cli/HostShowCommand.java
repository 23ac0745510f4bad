package io.tardigrade.cli;

import io.tardigrade.control.HostStatus;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code host show}. */
@Command(name = "show", description = "Show one host of the cluster.")
final class HostShowCommand extends Subcommand {
  @Parameters(paramLabel = "HOST", description = "Name of the host.")
  private String name = "";

  @Mixin private OutputOption output = new OutputOption();

  HostShowCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    HostStatus host = host().cluster().host(name);
    output.value(session(), host, host.name(), () -> page(host));
    return ExitCode.DONE.code();
  }

  private void page(HostStatus host) {
    PrintStream out = session().out();
    out.println("name         " + host.name());
    out.println("role         " + host.role());
    out.println("zone         " + Text.orNone(host.zone()));
    out.println("address      " + host.address() + ":" + host.port());
    out.println("state        " + host.state().name());
    out.println("version      " + Text.orNone(host.version()));
    out.println("guests       " + host.guests());
    out.println("free memory  " + Quantities.bytes(host.freeMemoryBytes()));
    out.println("votes        " + (host.server() ? "yes" : "no"));
  }
}
