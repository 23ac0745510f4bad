package io.tardigrade.cli;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wait}. */
@Command(
    name = "wait",
    description = {
      "Wait until a guest has ended, or runs.",
      "Waiting for the end fails (1) where the guest or its program failed."
    })
final class WaitCommand extends Subcommand {
  private static final long POLL_MILLIS = 100;

  /** What can be waited for. */
  enum Goal {
    STOPPED,
    RUNNING
  }

  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--for",
      paramLabel = "STATE",
      defaultValue = "stopped",
      description = "stopped or running (default stopped).")
  private Goal goal = Goal.STOPPED;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "Give up after this (exit code 6); without it, never.")
  private @Nullable String timeout;

  WaitCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    long nanosMax =
        timeout == null
            ? Long.MAX_VALUE
            : TimeUnit.MILLISECONDS.toNanos(Quantities.parseMillis("timeout", timeout));
    // How it ended is in the files of the host that it runs on.
    HostPaths here = paths();
    long start = System.nanoTime();
    while (true) {
      GuestStatus status = host().guest(name);
      boolean ended = status.state() == State.STOPPED || status.state() == State.FAILED;
      if (ended) {
        return goal == Goal.STOPPED ? ended(here, status) : neverRuns(status);
      }
      if (goal == Goal.RUNNING && status.state() == State.RUNNING) {
        return ExitCode.DONE.code();
      }
      if (System.nanoTime() - start >= nanosMax) {
        throw new RefusedException(
            RefusedException.Kind.TIMED_OUT,
            "guest '" + name + "' is " + status.state() + " after " + timeout);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private int ended(HostPaths here, GuestStatus status) throws IOException {
    Optional<GuestFiles.Outcome> outcome = GuestKeeper.find(here, name).outcome();
    if (outcome.isEmpty()) {
      throw new IOException(
          "guest '"
              + name
              + "' has ended, but its guardian was lost before it wrote down how; look at 'tardigrade logs "
              + name
              + "'");
    }
    @Nullable Integer exit = outcome.get().exitStatus();
    if (exit != null) {
      session().out().println(exit);
    }
    boolean failed = status.state() == State.FAILED || (exit != null && exit != 0);
    return failed ? ExitCode.FAILED.code() : ExitCode.DONE.code();
  }

  private int neverRuns(GuestStatus status) {
    throw RefusedException.conflict(
        "guest '"
            + name
            + "' is "
            + status.state()
            + (status.reason() == null ? "" : " (" + status.reason() + ")")
            + ": 'tardigrade start "
            + name
            + "' boots it");
  }
}
