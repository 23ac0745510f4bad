package io.tardigrade.cli;

import io.tardigrade.netlab.NamespaceHost;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lab run}. */
@Command(
    name = "run",
    customSynopsis = "tardigrade lab run HOST [--] COMMAND [ARGUMENT...]",
    description = {
      "Run a command in a lab host as root, such as 'tardigrade list', with this input and output.",
      "Ends with its exit code. Ctrl-C ends the command too."
    })
final class LabRunCommand extends LabSubcommand {
  @Parameters(index = "0", paramLabel = "HOST", description = "Name of the lab host.")
  private String name = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "The command and its arguments.")
  private List<String> command = new ArrayList<>();

  LabRunCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    List<String> words =
        command.getFirst().equals("--") ? command.subList(1, command.size()) : command;
    Optional<NamespaceHost> namespace = namespaces().find(name);
    if (namespace.isPresent()) {
      return namespace.get().run(words, session().in(), session().out(), session().err());
    }
    return lab().host(name).run(words, session().in(), session().out(), session().err());
  }
}
