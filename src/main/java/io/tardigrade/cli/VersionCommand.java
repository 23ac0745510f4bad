package io.tardigrade.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code version}. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand extends Subcommand {
  @CommandLine.Mixin private OutputOption output = new OutputOption();

  VersionCommand(Cli cli) {
    super(cli);
  }

  static String version() {
    @Nullable String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public Integer call() {
    String java = Runtime.version().toString();
    Map<String, String> value = new java.util.LinkedHashMap<>();
    value.put("version", version());
    value.put("java", java);
    output.value(
        session(),
        value,
        "tardigrade " + version(),
        () -> session().out().println("tardigrade " + version() + " (Java " + java + ")"));
    return ExitCode.DONE.code();
  }

  /** For {@code --version}. */
  static final class Provider implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"tardigrade " + version()};
    }
  }
}
