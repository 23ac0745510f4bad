package io.tardigrade.cli;

import io.tardigrade.demo.Commands;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command run by another one, the way of any user's; what it prints as its result is returned.
 */
final class InnerCommand {
  private InnerCommand() {}

  static Commands.Said run(Subcommand outer, String... words) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    Session session = outer.session();
    Session inner =
        new Session(
            session.environment(),
            session.in(),
            new PrintStream(result, true, StandardCharsets.UTF_8),
            session.err(),
            false,
            false,
            session.clock(),
            session.host());
    List<String> line = new ArrayList<>(List.of("--state", outer.paths().state().toString()));
    line.addAll(List.of(words));
    int code = Cli.run(inner, line.toArray(new String[0]));
    return new Commands.Said(code, result.toString(StandardCharsets.UTF_8));
  }
}
