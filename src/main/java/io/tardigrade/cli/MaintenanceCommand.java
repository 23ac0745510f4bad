package io.tardigrade.cli;

import io.tardigrade.guest.UsageException;
import io.tardigrade.recoverymanager.Maintenance;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code maintenance}. */
@Command(
    name = "maintenance",
    description = {
      "Have the recovery ladder advise only while you work on this host, or show whether it does.",
      "Guests go on, and recover from the loss of their hypervisor, but no service is recycled and"
          + " the host is not reset. 'acknowledge' says that resets which failed are understood, so"
          + " that there may be others."
    })
final class MaintenanceCommand extends Subcommand {
  /** What can be said. */
  enum Word {
    ON,
    OFF,
    STATUS,
    ACKNOWLEDGE
  }

  @Parameters(
      arity = "0..1",
      paramLabel = "WORD",
      defaultValue = "status",
      description = "on, off, status or acknowledge (default status).")
  private Word word = Word.STATUS;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      description = "Why it is turned on, for whoever looks.")
  private @Nullable String reason;

  @Mixin private OutputOption output = new OutputOption();

  MaintenanceCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    if (reason != null && word != Word.ON) {
      throw new UsageException("--reason goes with 'maintenance on' only");
    }
    Maintenance now =
        switch (word) {
          case ON -> host().maintain(true, reason == null ? "" : reason);
          case OFF -> host().maintain(false, "");
          case STATUS -> host().maintenance();
          case ACKNOWLEDGE -> host().acknowledge();
        };
    output.value(session(), now, now.on() ? "on" : "off", () -> page(now));
    return ExitCode.DONE.code();
  }

  private void page(Maintenance now) {
    PrintStream out = session().out();
    Instant since = now.since();
    out.println(
        "maintenance    "
            + (now.on() ? "on" : "off")
            + (since == null ? "" : " since " + since)
            + (now.reason().isEmpty() ? "" : ": " + Text.printable(now.reason())));
    Instant last = now.lastReset();
    out.println("last reset     " + (last == null ? "never" : last.toString()));
    if (now.failedResets() > 0) {
      out.println(
          "failed resets  "
              + now.failedResets()
              + ": there is no other before 'tardigrade maintenance acknowledge'");
    }
  }
}
