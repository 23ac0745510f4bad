package io.tardigrade.cli;

import io.tardigrade.process.Program;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code version}. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand extends Subcommand {
  @CommandLine.Mixin private OutputOption output = new OutputOption();

  VersionCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() {
    String java = Runtime.version().toString();
    Map<String, String> value = new java.util.LinkedHashMap<>();
    value.put("version", Program.version());
    value.put("java", java);
    output.value(
        session(),
        value,
        "tardigrade " + Program.version(),
        () -> session().out().println("tardigrade " + Program.version() + " (Java " + java + ")"));
    return ExitCode.DONE.code();
  }

  /** For {@code --version}. */
  static final class Provider implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"tardigrade " + Program.version()};
    }
  }
}
