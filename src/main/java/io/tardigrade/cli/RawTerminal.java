package io.tardigrade.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The terminal in raw mode, put back when closed, and also when the program is killed by a signal.
 */
final class RawTerminal implements AutoCloseable {
  private static final File TERMINAL = new File("/dev/tty");

  private final @Nullable String before;
  private final @Nullable Thread hook;

  private RawTerminal(@Nullable String before) {
    this.before = before;
    this.hook = before == null ? null : new Thread(this::restore, "restore-terminal");
    if (hook != null) {
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /** Nothing to change, nothing to put back. */
  static RawTerminal none() {
    return new RawTerminal(null);
  }

  static RawTerminal enter() throws IOException {
    String settings = stty("-g");
    RawTerminal terminal = new RawTerminal(settings.strip());
    stty("raw", "-echo");
    return terminal;
  }

  private static String stty(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("stty"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectInput(TERMINAL)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException("the terminal cannot be put into raw mode: stty failed on " + TERMINAL);
    }
    return said;
  }

  private void restore() {
    if (before == null) {
      return;
    }
    try {
      stty(before);
    } catch (IOException e) {
      System.err.println("tardigrade: the terminal stays in raw mode; type 'stty sane'");
    }
  }

  @Override
  public void close() {
    restore();
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // Ending already; putting it back twice does no harm.
      }
    }
  }
}
