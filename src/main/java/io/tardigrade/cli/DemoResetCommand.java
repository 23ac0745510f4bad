package io.tardigrade.cli;

import io.tardigrade.demo.ResetDemo;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code demo reset}. */
@Command(
    name = "reset",
    description = {
      "Count in a redis guest of a lab host while the host's operating system is replaced, and"
          + " while its kernel panics.",
      "The client keeps one TCP connection and must miss nothing. Prints where the time went."
          + " Takes some minutes, longer where the lab's Debian is to be made first."
    })
final class DemoResetCommand extends Subcommand {
  DemoResetCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    String host = String.format(Locale.ROOT, "demo-%04x", ProcessHandle.current().pid() & 0xffff);
    boolean whole =
        new ResetDemo(host, words -> InnerCommand.run(this, words), session().out()).run();
    return whole ? ExitCode.DONE.code() : ExitCode.FAILED.code();
  }
}
