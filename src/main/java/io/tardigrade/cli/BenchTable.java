package io.tardigrade.cli;

import io.tardigrade.bench.BenchHost;
import io.tardigrade.bench.Report;
import io.tardigrade.bench.Row;
import java.io.PrintStream;
import java.util.Locale;

/** A benchmark's report as people read it. */
final class BenchTable {
  private final String without;
  private final String with;
  private final String other;

  /**
   * Names the columns of values.
   *
   * @param without of what is compared with
   * @param with of what is measured
   * @param other of what stands beside
   */
  BenchTable(String without, String with, String other) {
    this.without = without;
    this.with = with;
    this.other = other;
  }

  void print(Report report, Session session) {
    PrintStream out = session.out();
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
            + known("accelerator", host.accelerator())
            + known("engine", host.engine()));
    if (host.isBusy()) {
      out.println("The host was busy with other things when this began: do not quote it.");
    }
    if (report.quick()) {
      out.println("A quick run, with few samples: do not quote it.");
    }
    out.println();
    out.print(table().render(report.rows(), session.colour()));
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

  private static String known(String name, String value) {
    return value.equals(BenchHost.UNKNOWN) ? "" : ", " + name + " " + value;
  }

  private Table<Row> table() {
    return new Table<Row>()
        .column("MEASURE", row -> row.group() + ": " + row.title())
        .column(without, row -> row.text(row.unprotected()))
        .column(with, row -> row.text(row.guarded()))
        .column(other, row -> row.text(row.alternative()))
        .column("CHANGE", Row::change)
        .column("TARGET", row -> Text.orNone(row.target()))
        .column("VERDICT", BenchTable::verdict)
        .column("NOTE", row -> Text.orNone(row.note()));
  }

  private static String verdict(Row row) {
    return row.verdict() == Row.Verdict.NONE ? Text.NONE : row.verdict().name().replace('_', ' ');
  }
}
