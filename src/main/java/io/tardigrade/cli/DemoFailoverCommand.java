package io.tardigrade.cli;

import io.tardigrade.demo.FailoverDemo;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code demo failover}. */
@Command(
    name = "failover",
    description = {
      "Count in a redis guest with two backups while the power of the host under it is cut again and"
          + " again, in a lab of three hosts.",
      "The client keeps one TCP connection and must miss nothing. Takes some minutes."
    })
final class DemoFailoverCommand extends Subcommand {
  DemoFailoverCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    boolean whole = new FailoverDemo(words -> InnerCommand.run(this, words), session().out()).run();
    return whole ? ExitCode.DONE.code() : ExitCode.FAILED.code();
  }
}
