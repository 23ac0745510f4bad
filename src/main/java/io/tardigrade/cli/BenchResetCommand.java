package io.tardigrade.cli;

import io.tardigrade.bench.Parts;
import io.tardigrade.bench.Report;
import io.tardigrade.bench.ResetBench;
import io.tardigrade.bench.ResetOptions;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench reset}. */
@Command(
    name = "reset",
    description = {
      "Measure how long guests stand still while their host's operating system is replaced, by"
          + " phase, beside a cold reboot that starts them again.",
      "native: freeze, seal and resume on this machine. care: what scrubbing and the monitors take"
          + " of a core. lab: resets and reboots of an emulated host. Takes up to two hours,"
          + " with --quick some twenty minutes; other load on this machine spoils the figures."
    })
final class BenchResetCommand extends Subcommand {
  @Option(
      names = "--guests",
      split = ",",
      paramLabel = "N",
      description = "Numbers of guests in the lab host (default 1,4,16; with --quick 1,4).")
  private List<Integer> guests = new ArrayList<>();

  @Option(
      names = "--memory",
      split = ",",
      paramLabel = "SIZE",
      description =
          "RAM of a guest in the lab host: the first for all numbers of guests, all of them for one"
              + " guest (default 96M,256M,512M; with --quick 96M).")
  private List<String> memory = new ArrayList<>();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "Take only these: native, care, lab.")
  private List<String> only = new ArrayList<>();

  @Option(names = "--quick", description = "Fewer rounds: to see that it works, not to quote.")
  private boolean quick;

  @Option(
      names = "--json",
      paramLabel = "FILE.json",
      description = "Where all values go (default: ./tardigrade-bench-reset-TIME.json).")
  private @Nullable Path json;

  BenchResetCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ResetOptions options = options();
    Path file = BenchFile.of(json, "tardigrade-bench-reset", session());
    Report report =
        new ResetBench(
                paths(),
                (paths, words) -> BenchFile.command(session(), paths, words),
                session()::progress,
                session().clock())
            .run(options);
    new BenchTable("COLD REBOOT", "RESET", "NO GUESTS").print(report, session());
    Json.write(file, report);
    session().progress("all values are in " + file);
    return (report.failures().isEmpty() ? ExitCode.DONE : ExitCode.FAILED).code();
  }

  private ResetOptions options() {
    List<String> sizes =
        !memory.isEmpty() ? memory : quick ? List.of("96M") : List.of("96M", "256M", "512M");
    List<Integer> counts = !guests.isEmpty() ? guests : quick ? List.of(1, 4) : List.of(1, 4, 16);
    return new ResetOptions(
        counts,
        sizes.stream().map(size -> Quantities.parseBytes("memory", size)).toList(),
        quick,
        Parts.chosen(ResetOptions.Part.class, only));
  }
}
