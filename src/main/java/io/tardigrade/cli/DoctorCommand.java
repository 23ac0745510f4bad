package io.tardigrade.cli;

import io.tardigrade.doctor.Check;
import io.tardigrade.doctor.Doctor;
import io.tardigrade.launch.HostAddressing;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code doctor}. */
@Command(
    name = "doctor",
    description = "Check what guests need of this host, and say what to do about what is missing.")
final class DoctorCommand extends Subcommand {
  @Mixin private OutputOption output = new OutputOption();

  DoctorCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() {
    Doctor doctor = new Doctor(paths(), HostAddressing.installation(paths()), session()::progress);
    List<Check> checks = doctor.examine();
    Table<Check> table =
        new Table<Check>()
            .column("CHECK", Check::check)
            .column("STATUS", c -> c.status().text(), Colour::ofCheck)
            .column("DETAIL", Check::detail);
    output.list(session(), checks, Check::check, table);
    return Doctor.isFit(checks) ? ExitCode.DONE.code() : ExitCode.FAILED.code();
  }
}
