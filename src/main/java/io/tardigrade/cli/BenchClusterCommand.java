package io.tardigrade.cli;

import io.tardigrade.bench.ClusterBench;
import io.tardigrade.bench.ClusterOptions;
import io.tardigrade.bench.Parts;
import io.tardigrade.bench.Report;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench cluster}. */
@Command(
    name = "cluster",
    description = {
      "Measure what it costs a guest that other hosts keep it, and how long it is away when it"
          + " changes its host, in a lab of three hosts on this machine.",
      "Beside it redis with a synchronous replica of its own, and QEMU's live migration. Takes two"
          + " hours, one of them the full load, with --quick some minutes; other load on this machine spoils the figures."
    })
final class BenchClusterCommand extends Subcommand {
  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "Take only these: latency, wire, blackout, memory, load.")
  private List<String> only = new ArrayList<>();

  @Option(names = "--quick", description = "Fewer rounds: to see that it works, not to quote.")
  private boolean quick;

  @Option(
      names = "--json",
      paramLabel = "FILE.json",
      description = "Where all values go (default: ./tardigrade-bench-cluster-TIME.json).")
  private @Nullable Path json;

  BenchClusterCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ClusterOptions options =
        new ClusterOptions(quick, Parts.chosen(ClusterOptions.Part.class, only));
    Path file = BenchFile.of(json, "tardigrade-bench-cluster", session());
    Report report = new ClusterBench(paths(), session()::progress, session().clock()).run(options);
    new BenchTable("ITS HOST ONLY", "WITH BACKUPS", "PEER").print(report, session());
    Json.write(file, report);
    session().progress("all values are in " + file);
    return (report.failures().isEmpty() ? ExitCode.DONE : ExitCode.FAILED).code();
  }
}
