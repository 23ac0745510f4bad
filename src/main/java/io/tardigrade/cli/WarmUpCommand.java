package io.tardigrade.cli;

import io.tardigrade.agent.WarmUp;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/**
 * Does a little of everything, so that the classes for it get into the JDK's cache of linked
 * classes; used by the launcher when it has built.
 */
@Command(name = "warm-up", hidden = true, description = "Load the classes of common commands.")
final class WarmUpCommand extends Subcommand {
  /** Loaded and initialised with all that they refer to at start. */
  private static final List<String> STARTS =
      List.of("io.tardigrade.guardian.Main", "io.tardigrade.agent.Main");

  WarmUpCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    Path empty = Files.createTempDirectory("tardigrade-warm-up-");
    Map<String, String> environment =
        Map.of("TARDIGRADE_STATE", empty.toString(), "TARDIGRADE_RUN", empty.toString());
    try (Closeable _ = WarmUp.serve(HostPaths.of(environment))) {
      PrintStream nowhere =
          new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
      Session quiet =
          new Session(
              environment,
              session().in(),
              nowhere,
              nowhere,
              false,
              false,
              session().clock(),
              session().host());
      for (String command :
          List.of("list", "show none", "events -o json", "run --name x", "--help")) {
        Cli.run(quiet, command.split(" "));
      }
      Json.line(new GuestStatus.Quantiles(1.0, 2.0, 3));
    } finally {
      Files.deleteIfExists(empty);
    }
    io.tardigrade.guardian.WarmUp.run();
    for (String start : STARTS) {
      try {
        Class.forName(start);
      } catch (ClassNotFoundException e) {
        session().progress(start + " is not there to be loaded");
      }
    }
    return ExitCode.DONE.code();
  }
}
