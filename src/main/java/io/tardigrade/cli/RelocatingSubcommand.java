package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Has a guest run on one of its backups. */
abstract class RelocatingSubcommand extends Subcommand {
  private final ReplicationRequest.Verb verb;

  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Option(
      names = "--to",
      paramLabel = "HOST",
      description = "One of its backups (default the best of them).")
  private @Nullable String to;

  RelocatingSubcommand(Cli cli, ReplicationRequest.Verb verb) {
    super(cli);
    this.verb = verb;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    host().replicate(name, ReplicationRequest.move(verb, to), session()::progress);
    return ExitCode.DONE.code();
  }
}
