package io.tardigrade.cli;

import io.tardigrade.bench.Bench;
import io.tardigrade.bench.BenchHost;
import io.tardigrade.bench.Commands;
import io.tardigrade.bench.Report;
import io.tardigrade.bench.Row;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

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
    Path file = file();
    Report report =
        new Bench(paths(), this::command, session()::progress, session().clock()).run(quick, only);
    print(report);
    Json.write(file, report);
    session().progress("all values are in " + file);
    return (report.failures().isEmpty() ? ExitCode.DONE : ExitCode.FAILED).code();
  }

  /** Known to be writable before a quarter of an hour is spent. */
  private Path file() throws IOException {
    Path file =
        output != null
            ? output
            : Path.of("tardigrade-bench-" + STAMP.format(session().clock().instant()) + ".json");
    Path folder = file.toAbsolutePath().normalize().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new io.tardigrade.guest.UsageException(
          "'" + file + "' cannot be written: its folder is missing or not writable");
    }
    return file.toAbsolutePath().normalize();
  }

  /** The benchmark's commands go the way of any user's, with nothing of this user's settings. */
  private Commands.Ended command(HostPaths paths, String... words) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream sink = new PrintStream(said, true, StandardCharsets.UTF_8);
    Session session = session();
    Session inner =
        new Session(
            Map.of("TARDIGRADE_STATE", paths.state().toString()),
            session.in(),
            sink,
            sink,
            false,
            false,
            session.clock(),
            session.host());
    int code = Cli.run(inner, words);
    return new Commands.Ended(code, said.toString(StandardCharsets.UTF_8));
  }

  private void print(Report report) {
    PrintStream out = session().out();
    BenchHost host = report.host();
    out.println(
        host.cores()
            + " cores ("
            + host.cpu()
            + "), load average "
            + host.loadAverage()
            + ", Linux "
            + host.kernel()
            + ", "
            + host.qemu()
            + ", accelerator "
            + host.accelerator()
            + ", engine "
            + host.engine());
    if (host.isBusy()) {
      out.println("The host was busy with other things when this began: do not quote it.");
    }
    if (report.quick()) {
      out.println("A quick run, with few samples: do not quote it.");
    }
    out.println();
    out.print(table().render(report.rows(), session().colour()));
    out.println();
    report.failures().forEach((measure, why) -> out.println(measure + " failed: " + why));
    out.println(
        report.count(Row.Verdict.MET)
            + " targets met, "
            + report.count(Row.Verdict.MISSED)
            + " missed, "
            + report.count(Row.Verdict.NOT_MEASURED)
            + " not measured, in "
            + String.format(Locale.ROOT, "%.0f s", report.durationSeconds()));
  }

  private static Table<Row> table() {
    return new Table<Row>()
        .column("MEASURE", row -> row.group() + ": " + row.title())
        .column("UNPROTECTED", row -> row.text(row.unprotected()))
        .column("PROTECTED", row -> row.text(row.guarded()))
        .column("ALTERNATIVE", row -> row.text(row.alternative()))
        .column("CHANGE", Row::change)
        .column("TARGET", row -> Text.orNone(row.target()))
        .column("VERDICT", BenchCommand::verdict)
        .column("NOTE", row -> Text.orNone(row.note()));
  }

  private static String verdict(Row row) {
    return row.verdict() == Row.Verdict.NONE ? Text.NONE : row.verdict().name().replace('_', ' ');
  }
}
