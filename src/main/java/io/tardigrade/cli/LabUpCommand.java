package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.netlab.NamespaceHost;
import io.tardigrade.netlab.NamespaceLab;
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
      "With --hosts, make a cluster of hosts h1, h2, ... that are namespaces of this machine; seconds.",
      "Prints each host's name, its address, and the network of the guests in it."
    })
final class LabUpCommand extends LabSubcommand {
  private static final int HOSTS_DEFAULT = 3;

  @Option(
      names = "--name",
      paramLabel = "HOST",
      description = "Name of the host (default host1, host2, ...).")
  private @Nullable String name;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description =
          "What it is made of: vm, an emulated machine, or namespace (default vm, with --hosts"
              + " namespace).")
  private @Nullable String kind;

  @Option(
      names = "--hosts",
      paramLabel = "N",
      description = "A cluster of so many hosts of kind namespace, 1 to 9.")
  private @Nullable Integer hosts;

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
    String wanted = kind == null ? (hosts == null ? "vm" : "namespace") : kind;
    if (wanted.equals("namespace")) {
      return upNamespaces();
    }
    if (!wanted.equals("vm")) {
      throw new UsageException("kind '" + wanted + "' of lab host is unknown; use vm or namespace");
    }
    if (hosts != null) {
      throw new UsageException("--hosts makes hosts of kind namespace; leave --kind=vm out");
    }
    if (name != null && namespaces().find(name).isPresent()) {
      throw RefusedException.conflict(
          "lab host '" + name + "' exists, as a namespace; give another --name");
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

  private Integer upNamespaces() throws IOException {
    if (name != null) {
      throw new UsageException(
          "hosts of kind namespace are called h1, h2, ...; leave --name=" + name + " out");
    }
    int count = hosts == null ? HOSTS_DEFAULT : hosts;
    for (int i = 1; i <= count; i++) {
      String taken = "h" + i;
      if (lab().hosts().stream().anyMatch(host -> host.spec().name().equals(taken))) {
        throw RefusedException.conflict(
            "lab host '%1$s' exists; 'tardigrade lab down %1$s' removes it".formatted(taken));
      }
    }
    NamespaceLab lab = namespaces();
    List<NamespaceHost> made = lab.up(count);
    try {
      lab.makeCluster();
    } catch (IOException | RuntimeException e) {
      lab.down();
      throw e;
    }
    for (NamespaceHost host : made) {
      session().out().printf("%s %s %s%n", host.name(), host.address(), host.guestNetwork());
    }
    return ExitCode.DONE.code();
  }

  /** The host starts at boot what of the program is a service. */
  private List<String> services() {
    boolean agent = spec != null && spec.root().subcommands().containsKey("agent");
    return agent ? List.of("agent tardigrade agent") : List.of();
  }
}
