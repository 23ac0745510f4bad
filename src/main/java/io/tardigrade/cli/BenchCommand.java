package io.tardigrade.cli;

import io.tardigrade.bench.Bench;
import io.tardigrade.bench.Report;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench}. */
@Command(
    name = "bench",
    description = {
      "Measure what protection costs and how long recoveries take, beside the targets.",
      "Guests are started in a state folder of its own, which is removed afterwards. Takes about a",
      "quarter of an hour, with --quick a few minutes; other load on the host spoils the figures."
    })
final class BenchCommand extends Subcommand {
  @Option(names = "--quick", description = "Fewer samples: to see that it works, not to quote.")
  private boolean quick;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Take only these: pause, redis, compute, recovery, resources, alternatives.")
  private List<String> only = new ArrayList<>();

  // The longer name keeps TARDIGRADE_OUTPUT, a format elsewhere, from naming the file.
  @Option(
      names = {"--output", "--output-file"},
      paramLabel = "FILE.json",
      description = "Where all values go (default: ./tardigrade-bench-TIME.json).")
  private @Nullable Path output;

  BenchCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path file = BenchFile.of(output, "tardigrade-bench", session());
    Report report =
        new Bench(
                paths(),
                (paths, words) -> BenchFile.command(session(), paths, words),
                session()::progress,
                session().clock())
            .run(quick, only);
    new BenchTable("UNPROTECTED", "PROTECTED", "ALTERNATIVE").print(report, session());
    Json.write(file, report);
    session().progress("all values are in " + file);
    return (report.failures().isEmpty() ? ExitCode.DONE : ExitCode.FAILED).code();
  }
}
