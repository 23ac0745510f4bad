package io.tardigrade.cli;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.HostStatus;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Waits until a host that has just become one of a cluster is there for the others. */
final class Arrival {
  /** Seconds anywhere but on an emulated host. */
  private static final long NANOS_MAX = TimeUnit.SECONDS.toNanos(120);

  private static final long POLL_MILLIS = 300;

  private final Subcommand command;

  Arrival(Subcommand command) {
    this.command = command;
  }

  /** Returns the exit code. */
  int await(ClusterConfig made) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + NANOS_MAX;
    String last = "";
    while (System.nanoTime() - deadline < 0) {
      try {
        HostStatus host = command.host().cluster().host(made.name());
        if (host.state() != HostStatus.State.AWAY) {
          command.session().out().println(made.name());
          return ExitCode.DONE.code();
        }
      } catch (IOException | RefusedException e) {
        last = String.valueOf(e.getMessage());
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "this host is of cluster "
            + made.cluster()
            + " now, but is not there for the others yet"
            + (last.isEmpty() ? "" : ": " + last));
  }
}
