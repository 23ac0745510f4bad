package io.tardigrade.cli;

import io.tardigrade.control.HostApi;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows a guest's console log until it ends; stops the guest when it is interrupted. */
final class Attached {
  private static final long POLL_MILLIS = 100;
  private static final long STOP_MILLIS = 10_000;

  private final Session session;
  private final GuestFiles files;
  private final HostApi host;
  private final String name;

  Attached(Session session, GuestFiles files, HostApi host, String name) {
    this.session = session;
    this.files = files;
    this.host = host;
    this.name = name;
  }

  /** Returns the exit code: that of a command whose success is the program's success. */
  int follow() throws IOException, InterruptedException {
    Thread onInterrupt = new Thread(this::stop, "stop-on-interrupt");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    GuestFiles.Outcome outcome = showUntilEnd();
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      // Interrupted at this very moment: the hook is running and finds the guest ended.
    }
    return judge(outcome);
  }

  private GuestFiles.Outcome showUntilEnd() throws IOException, InterruptedException {
    LogTail tail = new LogTail(files.consoleLog());
    while (true) {
      Optional<GuestFiles.Outcome> outcome = files.outcome();
      // What the log says is read after the end was seen: nothing is written after it.
      tail.copyTo(session.out());
      if (outcome.isPresent()) {
        return outcome.get();
      }
      if (!files.exists()) {
        return new GuestFiles.Outcome(
            GuestStatus.State.FAILED, "it was deleted", null, session.clock().instant());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void stop() {
    try {
      session.progress("stopping " + name);
      var _ = host.stop(name, STOP_MILLIS);
    } catch (IOException | RuntimeException e) {
      session.progress("guest '" + name + "' could not be stopped: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int judge(GuestFiles.Outcome outcome) {
    @Nullable Integer status = outcome.exitStatus();
    if (outcome.state() == GuestStatus.State.FAILED) {
      session.progress("guest '" + name + "' failed: " + outcome.reason());
      return ExitCode.FAILED.code();
    }
    if (status != null && status != 0) {
      session.progress("the program in guest '" + name + "' ended with exit status " + status);
      return ExitCode.FAILED.code();
    }
    return ExitCode.DONE.code();
  }
}
