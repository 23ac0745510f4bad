package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code incident show}. */
@Command(name = "show", description = "Show an incident with its evidence and timeline.")
final class IncidentShowCommand extends Subcommand {
  @Parameters(paramLabel = "ID", description = "Its id, or a beginning that no other has.")
  private String id = "";

  @Mixin private OutputOption output = new OutputOption();

  IncidentShowCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Incident incident = host().incident(id);
    output.value(session(), incident, incident.id(), () -> page(incident));
    return ExitCode.DONE.code();
  }

  private void page(Incident incident) {
    PrintStream out = session().out();
    out.println(incident.id() + "  " + Text.printable(incident.outcome()));
    out.println("  " + Text.printable(incident.summary()));
    out.println("  guest     " + incident.guest());
    out.println("  noticed   " + incident.at());
    out.println("  cause     " + Text.printable(incident.cause()));
    out.println("  resumed   from epoch " + incident.resumedEpoch());
    out.println("  blackout  " + Quantities.seconds(incident.blackoutSeconds()));
    incident
        .phaseSeconds()
        .forEach((phase, seconds) ->
            out.printf("    %-24s %s%n", Text.printable(phase), Text.millis(seconds)));
    if (!incident.evidence().isEmpty()) {
      out.println("  evidence");
      incident.evidence().forEach(line -> out.println("    " + Text.printable(line)));
    }
    if (!incident.timeline().isEmpty()) {
      out.println("  timeline");
      for (Incident.Step step : incident.timeline()) {
        out.printf("    %s  %-8s %s%n", step.at(), step.kind(), Text.printable(step.text()));
      }
    }
  }
}
