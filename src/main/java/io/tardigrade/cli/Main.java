package io.tardigrade.cli;

import io.tardigrade.agent.EarlyGuardians;
import io.tardigrade.control.AgentHost;
import io.tardigrade.guest.HostPaths;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;

/** The program {@code tardigrade}. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends with its exit code. */
  public static void main(String[] arguments) {
    if (Arrays.equals(arguments, new String[] {"agent"})) {
      EarlyGuardians.start(HostPaths.of(System.getenv()));
    }
    boolean terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    boolean colour =
        terminal && System.getenv("NO_COLOR") == null && !"dumb".equals(System.getenv("TERM"));
    Session session =
        new Session(
            System.getenv(),
            System.in,
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
            System.err,
            terminal,
            colour,
            InstantSource.system(),
            AgentHost::new);
    System.exit(Cli.run(session, arguments));
  }
}
