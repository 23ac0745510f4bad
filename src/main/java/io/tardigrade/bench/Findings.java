package io.tardigrade.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Collects what measures find. */
final class Findings {
  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Map<String, Object>> details = new LinkedHashMap<>();
  private final Map<String, String> failures = new TreeMap<>();

  void add(Row row) {
    rows.add(row);
  }

  /** A value that is not in the table, under a name with its unit. */
  void detail(String group, String name, Object value) {
    details.computeIfAbsent(group, _ -> new LinkedHashMap<>()).put(name, value);
  }

  /** A measure, or a part of it, could not be taken. */
  void failed(String group, String why) {
    failures.merge(group, why, (a, b) -> a + "; " + b);
  }

  Map<String, String> failures() {
    return failures;
  }

  Map<String, Map<String, Object>> details() {
    return details;
  }

  /** The rows, and one that says so for each goal of these groups that no row is about. */
  List<Row> complete(List<Goal> goals, List<String> groups) {
    List<Row> all = new ArrayList<>();
    for (String group : groups) {
      rows.stream().filter(row -> row.group().equals(group)).forEach(all::add);
      for (Goal goal : goals) {
        if (goal.group().equals(group) && rows.stream().noneMatch(row -> isOf(row, goal))) {
          all.add(Row.of(goal).note(failures.getOrDefault(group, "it was not measured")));
        }
      }
    }
    return all;
  }

  private static boolean isOf(Row row, Goal goal) {
    return row.group().equals(goal.group())
        && row.title().equals(goal.title())
        && row.verdict() != Row.Verdict.NONE;
  }
}
