package io.tardigrade.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a benchmark found.
 *
 * @param version of this document's format
 * @param quick whether it was a short run, with fewer samples than figures should be quoted from
 * @param rows the table
 * @param details further values by measure: samples, turns, phases
 * @param failures why measures could not be taken, by measure
 */
public record Report(
    int version,
    Instant at,
    boolean quick,
    BenchHost host,
    List<Row> rows,
    Map<String, Map<String, Object>> details,
    Map<String, String> failures,
    @JsonProperty("duration_seconds") double durationSeconds) {
  /** Format of the document. */
  public static final int VERSION = 1;

  public Report {
    rows = List.copyOf(rows);
    details = Map.copyOf(details);
    failures = Map.copyOf(failures);
  }

  /** Rows with this verdict. */
  public long count(Row.Verdict verdict) {
    return rows.stream().filter(row -> row.verdict() == verdict).count();
  }
}
