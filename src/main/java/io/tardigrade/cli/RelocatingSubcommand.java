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

  /** What is asked of the cluster. */
  ReplicationRequest request(@Nullable String host) {
    return ReplicationRequest.move(verb, host);
  }

  /** Whether a person who may lose something by it agrees. */
  boolean agreed(String guest) throws IOException, InterruptedException {
    return true;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!agreed(name)) {
      session().progress("nothing was changed");
      return ExitCode.FAILED.code();
    }
    host().replicate(name, request(to), session()::progress);
    return ExitCode.DONE.code();
  }
}
