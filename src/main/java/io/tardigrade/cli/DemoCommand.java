package io.tardigrade.cli;

import io.tardigrade.demo.Demo;
import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code demo}. */
@Command(
    name = "demo",
    description = {
      "Count in a protected redis while its hypervisor and guardian are killed seven times.",
      "The client keeps one TCP connection and must miss nothing. Takes about a minute."
    })
final class DemoCommand extends Subcommand {
  DemoCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    String guest = String.format(Locale.ROOT, "demo-%04x", ProcessHandle.current().pid() & 0xffff);
    boolean whole = new Demo(guest, new Commands(), session().out()).run();
    return whole ? ExitCode.DONE.code() : ExitCode.FAILED.code();
  }

  /** The demo's commands go the way of any user's. */
  private final class Commands implements Demo.Guests {
    @Override
    public int command(String... words) {
      return InnerCommand.run(DemoCommand.this, words).code();
    }

    @Override
    public GuestStatus show(String guest) throws IOException {
      return host().guest(guest);
    }
  }
}
