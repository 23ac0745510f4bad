package io.tardigrade.cli;

import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.netlab.NamespaceLab;
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

  NamespaceLab namespaces() {
    return new NamespaceLab(paths(), session()::progress);
  }

  /** The emulated host of this name; refuses one that is a namespace, with what to do instead. */
  LabHost emulated(String name, String instead) throws IOException {
    if (namespaces().find(name).isPresent()) {
      throw RefusedException.conflict(
          "lab host '%s' is a namespace of this machine, without kernel and console of its own; %s"
              .formatted(name, instead));
    }
    return lab().host(name);
  }

  /** Something done to a host that makes it boot. */
  interface Blow {
    void strike(Lab lab, LabHost host) throws IOException;
  }

  /** Strikes a host and says how long it was away. */
  Integer strike(String name, String what, Blow blow) throws IOException {
    Lab lab = lab();
    LabHost host =
        emulated(
            name,
            "'tardigrade lab kill %1$s' cuts its power, 'lab start %1$s' boots it".formatted(name));
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
