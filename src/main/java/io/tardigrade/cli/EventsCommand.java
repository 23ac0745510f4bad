package io.tardigrade.cli;

import io.tardigrade.guest.Json;
import io.tardigrade.incident.Event;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code events}. */
@Command(
    name = "events",
    description = {
      "Print what happened on this host, oldest first.",
      "With -w, JSON and YAML are one object a line."
    })
final class EventsCommand extends Subcommand {
  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only those of this guest.")
  private @Nullable String guest;

  @Option(
      names = {"-w", "--watch"},
      description = "Go on printing what happens.")
  private boolean watch;

  @Mixin private OutputOption output = new OutputOption();

  EventsCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    if (watch) {
      host().follow(guest, this::print);
      return ExitCode.DONE.code();
    }
    List<Event> events = host().events(guest);
    Table<Event> table =
        new Table<Event>()
            .column("TIME", e -> e.at().toString())
            .column("GUEST", e -> Text.orNone(e.guest()))
            .column("TYPE", Event::type)
            .column("MESSAGE", Event::message);
    output.list(session(), events, Event::type, table);
    return ExitCode.DONE.code();
  }

  private void print(Event event) {
    String line =
        switch (output.format()) {
          case TABLE ->
              String.format(
                  Locale.ROOT,
                  "%-24s  %-12s  %-16s  %s",
                  event.at(),
                  Text.orNone(event.guest()),
                  event.type(),
                  event.message());
          case JSON, YAML -> Json.line(event);
          case NAME -> event.type();
        };
    session().out().println(Text.printable(line));
    if (session().out().checkError()) {
      // Whoever read our output is gone.
      Thread.currentThread().interrupt();
    }
  }
}
