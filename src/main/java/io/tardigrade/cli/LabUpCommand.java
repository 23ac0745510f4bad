package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lab up}. */
@Command(
    name = "up",
    description = {
      "Make a lab host and boot it. The first one takes minutes, since its Debian is made then.",
      "Prints the host's name, its address, and the network of the guests in it."
    })
final class LabUpCommand extends LabSubcommand {
  @Option(
      names = "--name",
      paramLabel = "HOST",
      description = "Name of the host (default host1, host2, ...).")
  private @Nullable String name;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "vm",
      description = "What it is made of: vm, an emulated machine (default vm).")
  private String kind = "";

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "2G",
      description = "Its memory, 1G to 64G (default 2G).")
  private String memory = "";

  @Option(
      names = "--preserve",
      paramLabel = "SIZE",
      defaultValue = "512M",
      description =
          "Of it what the next operating system leaves alone, a multiple of 128M or 0 (default 512M).")
  private String preserve = "";

  @Option(
      names = "--vcpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "Its processors, 1 to 4 (default 1; with more, guests in it may hang it).")
  private int vcpus;

  @Spec private @Nullable CommandSpec spec;

  LabUpCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    if (!kind.equals("vm")) {
      throw new UsageException("kind '" + kind + "' of lab host is unknown; use vm");
    }
    LabOptions options =
        LabOptions.defaults()
            .vcpus(vcpus)
            .memory(
                Quantities.parseBytes("memory", memory),
                Quantities.parseBytes("preserved memory", preserve))
            .services(services());
    Lab lab = lab();
    LabHost host = lab.up(name == null ? lab.freeName() : name, options);
    session()
        .out()
        .printf(
            "%s %s %s%n", host.spec().name(), host.spec().address(), host.spec().guestNetwork());
    return ExitCode.DONE.code();
  }

  /** The host starts at boot what of the program is a service. */
  private List<String> services() {
    boolean agent = spec != null && spec.root().subcommands().containsKey("agent");
    return agent ? List.of("agent tardigrade agent") : List.of();
  }
}
