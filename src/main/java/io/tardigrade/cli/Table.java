package io.tardigrade.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A table of things, one a row: upper-case heads, no borders, columns as wide as they need.
 *
 * @param <T> one thing
 */
final class Table<T> {
  private static final String GAP = "  ";

  private final List<Column<T>> columns = new ArrayList<>();

  private record Column<T>(
      String head, Function<T, String> cell, Function<String, Colour> colour) {}

  /** Adds a column. */
  Table<T> column(String head, Function<T, String> cell) {
    return column(head, cell, _ -> Colour.NONE);
  }

  /** Adds a column whose cells have a colour that their text decides. */
  Table<T> column(String head, Function<T, String> cell, Function<String, Colour> colour) {
    columns.add(new Column<>(head, cell, colour));
    return this;
  }

  /** A table of things that each hold one of these: the same columns, and a second one more. */
  <U> Table<U> of(Function<U, T> held, String head, Function<U, String> cell) {
    Table<U> table = new Table<>();
    for (Column<T> column : columns) {
      table.column(column.head(), thing -> column.cell().apply(held.apply(thing)), column.colour());
      if (table.columns.size() == 1) {
        table.column(head, cell);
      }
    }
    return table;
  }

  String render(List<T> things, boolean coloured) {
    List<List<String>> rows = new ArrayList<>();
    for (T thing : things) {
      rows.add(columns.stream().map(c -> Text.printable(c.cell().apply(thing))).toList());
    }
    StringBuilder text = new StringBuilder();
    append(text, columns.stream().map(Column::head).toList(), rows, false);
    for (List<String> row : rows) {
      append(text, row, rows, coloured);
    }
    return text.toString();
  }

  private void append(
      StringBuilder text, List<String> row, List<List<String>> rows, boolean coloured) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < columns.size(); i++) {
      String cell = row.get(i);
      Colour colour = coloured ? columns.get(i).colour().apply(cell) : Colour.NONE;
      line.append(colour.paint(cell));
      if (i < columns.size() - 1) {
        line.append(" ".repeat(width(i, rows) - length(cell))).append(GAP);
      }
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }

  private int width(int column, List<List<String>> rows) {
    int width = length(columns.get(column).head());
    for (List<String> row : rows) {
      width = Math.max(width, length(row.get(column)));
    }
    return width;
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
