package io.tardigrade.cli;

import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** What the commands of {@code lab} share. */
abstract class LabSubcommand extends Subcommand {
  LabSubcommand(Cli cli) {
    super(cli);
  }

  Lab lab() {
    return new Lab(paths(), session()::progress);
  }

  /** Something done to a host that makes it boot. */
  interface Blow {
    void strike(Lab lab, LabHost host) throws IOException;
  }

  /** Strikes a host and says how long it was away. */
  Integer strike(String name, String what, Blow blow) throws IOException {
    Lab lab = lab();
    LabHost host = lab.host(name);
    session().progress(what + " " + name);
    long begun = System.nanoTime();
    blow.strike(lab, host);
    double seconds = Duration.ofNanos(System.nanoTime() - begun).toMillis() / 1000.0;
    session()
        .progress(
            String.format(Locale.ROOT, "%s serves commands again after %.1f s", name, seconds));
    return ExitCode.DONE.code();
  }
}
