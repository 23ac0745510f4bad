package io.tardigrade.cli;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.launch.GuestKeeper;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code logs}. */
@Command(name = "logs", description = "Print what a guest wrote to its console.")
final class LogsCommand extends Subcommand {
  private static final long POLL_MILLIS = 100;

  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Go on until the guest ends.")
  private boolean follow;

  @Option(
      names = "--tail",
      paramLabel = "LINES",
      description = "Only the last lines (default: all that is kept).")
  private int lines = Integer.MAX_VALUE;

  LogsCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    GuestFiles files = GuestKeeper.find(paths(), name);
    LogTail tail = new LogTail(files.consoleLog());
    tail.copyLast(lines, session().out());
    while (follow && !session().out().checkError()) {
      boolean ended = files.outcome().isPresent() || !files.exists();
      tail.copyTo(session().out());
      if (ended) {
        break;
      }
      Thread.sleep(POLL_MILLIS);
    }
    return ExitCode.DONE.code();
  }
}
