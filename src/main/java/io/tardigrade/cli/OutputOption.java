package io.tardigrade.cli;

import io.tardigrade.guest.Json;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** {@code -o table|json|yaml|name}, the same for all commands that print data. */
final class OutputOption {
  /** How data is printed. */
  enum Format {
    TABLE,
    JSON,
    YAML,
    NAME
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "table, json, yaml or name (TARDIGRADE_OUTPUT, default table).")
  private Format format = Format.TABLE;

  Format format() {
    return format;
  }

  /** Prints many things. */
  <T> void list(Session session, List<T> things, Function<T, String> name, Table<T> table) {
    switch (format) {
      case TABLE -> session.out().print(table.render(things, session.colour()));
      case JSON -> session.out().println(Json.pretty(things));
      case YAML -> session.out().print(Yaml.write(Json.tree(things)));
      case NAME -> things.forEach(thing -> session.out().println(name.apply(thing)));
    }
  }

  /** Prints one thing; {@code page} prints it for people. */
  void value(Session session, Object thing, String name, Runnable page) {
    switch (format) {
      case TABLE -> page.run();
      case JSON -> session.out().println(Json.pretty(thing));
      case YAML -> session.out().print(Yaml.write(Json.tree(thing)));
      case NAME -> session.out().println(name);
    }
  }
}
