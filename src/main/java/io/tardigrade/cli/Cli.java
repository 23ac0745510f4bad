package io.tardigrade.cli;

import io.tardigrade.control.HostApi;
import io.tardigrade.control.RemoteHost;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Runs one command line in a {@link Session}. Prints no stack trace unless asked to. */
public final class Cli {
  private static final Pattern CHOICES =
      Pattern.compile("(?<=expected one of )\\[([A-Z_, ]+)] \\(case-insensitive\\)");

  private final Session session;
  private final TopCommand top = new TopCommand();

  private Cli(Session session) {
    this.session = session;
  }

  /** Runs a command; returns its exit code. */
  public static int run(Session session, String... args) {
    return new Cli(session).execute(args);
  }

  private int execute(String[] args) {
    CommandLine line = CommandTree.build(top, this);
    line.setOut(new PrintWriter(session.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(session.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            session.colour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setDefaultValueProvider(new EnvironmentDefaults(session.environment()));
    line.setParameterExceptionHandler((e, given) -> misused(e, List.of(given)));
    line.setExecutionExceptionHandler((e, _, _) -> failed(e));
    int code = line.execute(args);
    session.out().flush();
    return code;
  }

  Session session() {
    return session;
  }

  /** Whether another host is asked than this one. */
  boolean isRemote() {
    return top.host != null;
  }

  /** The host that is asked. */
  HostApi host() {
    @Nullable String at = top.host;
    return at == null ? session.host().apply(here(), session::progress) : RemoteHost.at(here(), at);
  }

  /** Files of this host, for commands that do not ask an agent. */
  HostPaths paths() {
    if (isRemote()) {
      throw new UsageException(
          "this command works on files of the host that it runs on: run it there, without --host");
    }
    return here();
  }

  private HostPaths here() {
    @Nullable String state = top.state;
    if (state == null) {
      return HostPaths.of(session.environment());
    }
    Map<String, String> environment = new HashMap<>(session.environment());
    environment.put("TARDIGRADE_STATE", state);
    return HostPaths.of(environment);
  }

  private int misused(CommandLine.ParameterException e, List<String> given) {
    String message = plain(oneLine(e));
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      String what = unmatched.isUnknownOption() ? "option" : "argument";
      if (!unmatched.isUnknownOption() && e.getCommandLine().getParent() == null) {
        what = "command";
      }
      message = "unknown " + what + " '" + unmatched.getUnmatched().getFirst() + "'";
      List<String> near = Nearest.of(unmatched.getUnmatched().getFirst(), e.getCommandLine());
      if (!near.isEmpty()) {
        message += "; did you mean " + String.join(" or ", near) + "?";
      }
    }
    complain(
        message + " (see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help')");
    trace(e, given.contains("--debug"));
    return ExitCode.USAGE.code();
  }

  /**
   * The parser's own messages begin with a capital, name options like '--name=<name>', and choices
   * as constants.
   */
  private static String plain(String message) {
    String lower =
        CHOICES
            .matcher(message.replaceAll("'(--[a-z-]+)=[^']*'", "$1"))
            .replaceAll(choices -> choices.group(1).toLowerCase(Locale.ROOT));
    return lower.isEmpty() ? lower : Character.toLowerCase(lower.charAt(0)) + lower.substring(1);
  }

  private int failed(Exception e) {
    complain(oneLine(e));
    trace(e, top.debug);
    return switch (e) {
      case UsageException _ -> ExitCode.USAGE.code();
      case RefusedException refused -> ExitCode.of(refused.kind()).code();
      default -> ExitCode.FAILED.code();
    };
  }

  private static String oneLine(Exception e) {
    String message = e.getMessage();
    boolean ours =
        e instanceof UsageException
            || e instanceof RefusedException
            || e instanceof IOException
            || e instanceof CommandLine.PicocliException;
    String text = message == null ? e.getClass().getSimpleName() : message;
    if (e instanceof java.nio.file.FileSystemException file && file.getReason() == null) {
      text = file.getClass().getSimpleName().replace("Exception", "") + ": " + text;
    }
    return (ours ? "" : "internal error, please report it with --debug: ")
        + text.strip().replaceAll("\\s*\\n\\s*", "; ");
  }

  private void complain(String message) {
    session.err().println("tardigrade: " + message);
    session.err().flush();
  }

  private void trace(Exception e, boolean wanted) {
    if (wanted) {
      e.printStackTrace(session.err());
    }
  }
}
