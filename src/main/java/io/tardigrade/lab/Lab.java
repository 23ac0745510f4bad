package io.tardigrade.lab;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.Quantities;
import io.tardigrade.image.BootPlan;
import io.tardigrade.image.GuestKernel;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.StateLock;
import io.tardigrade.linux.Linux;
import io.tardigrade.monitor.MemInfo;
import io.tardigrade.monitor.UnreadableException;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Resolvers;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The lab hosts of an installation: makes them, finds them, takes them away. Needs root. Any thread
 * and any process may call; those that make or remove hosts wait for each other.
 */
public final class Lab {
  private final HostPaths paths;
  private final Consumer<String> progress;
  private final LabNetwork network;

  /**
   * The lab of an installation.
   *
   * @param progress told what is being done
   */
  public Lab(HostPaths paths, Consumer<String> progress) {
    this.paths = paths;
    this.progress = progress;
    this.network = new LabNetwork(paths);
  }

  /** Something done while nobody else changes the lab. */
  private interface Change<T> {
    T make() throws IOException;
  }

  private <T> T changing(Change<T> change) throws IOException {
    if (Linux.geteuid() != 0) {
      throw RefusedException.conflict("a lab host needs root: use sudo");
    }
    try (StateLock _ =
        StateLock.take(
            paths.state(),
            "lab.lock",
            () -> progress.accept("waiting for another command that changes the lab"))) {
      return change.make();
    }
  }

  /** Makes a host and waits until it has booted; nothing is left of one that does not. */
  public LabHost up(String name, LabOptions options) throws IOException {
    GuestSpec.checkName("lab host", name);
    changing(() -> {
      refuseTaken(name);
      refuseTooLarge(options);
      return name;
    });
    Files.createDirectories(paths.cache());
    SystemDisk system = SystemDisk.obtain(paths.cache(), systemsInUse(), progress);
    GuestKernel kernel = GuestKernel.obtain(paths.cache());
    LabOptions all =
        options.plusFiles(Map.of("kernel/" + kernel.release(), kernel.vmlinuz().getParent()));
    try {
      LabHost host =
          changing(() -> {
            refuseTaken(name);
            return make(name, all, system);
          });
      progress.accept("booting " + name);
      host.awaitReady(LabHost.BOOT_MAX);
      return host;
    } catch (RefusedException e) {
      throw e;
    } catch (IOException e) {
      try {
        down(name);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private void refuseTaken(String name) throws IOException {
    Path folder = HostFiles.of(paths, name).state();
    if (find(name).isPresent()) {
      throw RefusedException.conflict(
          "lab host '%1$s' exists; 'tardigrade lab down %1$s' removes it".formatted(name));
    }
    // What a command that was cut off left behind before it could say what it was making.
    Tool.remove(folder);
  }

  private static void refuseTooLarge(LabOptions options) throws IOException {
    long available;
    try {
      available = MemInfo.parse(Files.readString(Path.of("/proc/meminfo"))).availableBytes();
    } catch (UnreadableException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (available < options.memoryBytes()) {
      throw RefusedException.conflict(
          "a lab host of %s does not fit into the %s that are free here; give less --memory"
              .formatted(Quantities.bytes(options.memoryBytes()), Quantities.bytes(available)));
    }
  }

  private LabHost make(String name, LabOptions options, SystemDisk system) throws IOException {
    HostFiles files = HostFiles.of(paths, name);
    Files.createDirectories(files.state());
    HostNetwork.Place place = network.place(name);
    LabSpec spec =
        new LabSpec(
            name,
            "vm",
            options.vcpus(),
            options.memoryBytes(),
            options.preserveBytes(),
            kernelArguments(options),
            system.kernel(),
            system.folder().toString(),
            place.address().toString(),
            place.subnet().prefix(),
            place.gateway().toString(),
            place.mac().toString(),
            place.tap(),
            network.takeGuestNetwork(specs(), place.address()).toString(),
            Instant.now().truncatedTo(ChronoUnit.MILLIS));
    Json.write(files.spec(), spec);
    progress.accept("making " + name);
    List<String> resolvers = Resolvers.ofHost().stream().map(Ipv4::toString).toList();
    ProgramDisk.make(spec, options, resolvers, files, progress);
    Tool.run(
        "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", system.image(), files.disk());
    LabHost host = new LabHost(spec, files);
    powerOn(host);
    return host;
  }

  /**
   * The kernel is told how fast its clock is, the emulator's being this machine's: where it finds
   * out by itself while others use the processors, a clock was seen to run seven times too fast.
   */
  private static List<String> kernelArguments(LabOptions options) throws IOException {
    List<String> arguments = new ArrayList<>(options.kernelArguments());
    String clock = BootPlan.clockArgument();
    if (!clock.isEmpty()) {
      arguments.add(clock);
    }
    return arguments;
  }

  private void powerOn(LabHost host) throws IOException {
    network.ensure(host.spec(), specs());
    host.machine().start(host.spec());
  }

  /** Cuts a host's power, boots it from its disk, and waits until it serves commands again. */
  public void powerCut(LabHost host) throws IOException {
    changing(() -> {
      host.machine().cut();
      powerOn(host);
      return host;
    });
    host.awaitReady(LabHost.BOOT_MAX);
  }

  private List<LabSpec> specs() throws IOException {
    return hosts().stream().map(LabHost::spec).toList();
  }

  private Set<Path> systemsInUse() throws IOException {
    return specs().stream().map(spec -> Path.of(spec.system())).collect(Collectors.toSet());
  }

  /** All hosts, by name. */
  public List<LabHost> hosts() throws IOException {
    List<LabHost> hosts = new ArrayList<>();
    for (String name : folders()) {
      find(name).ifPresent(hosts::add);
    }
    return hosts;
  }

  private List<String> folders() throws IOException {
    Path all = HostFiles.hosts(paths);
    if (!Files.isDirectory(all)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(all)) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private Optional<LabHost> find(String name) throws IOException {
    HostFiles files = HostFiles.of(paths, name);
    return Files.exists(files.spec())
        ? Optional.of(new LabHost(Json.read(files.spec(), LabSpec.class), files))
        : Optional.empty();
  }

  /** The host of this name, or an error that says that there is none. */
  public LabHost host(String name) throws IOException {
    return find(GuestSpec.checkName("lab host", name))
        .orElseThrow(() ->
            RefusedException.notFound(
                "lab host '"
                    + name
                    + "' does not exist; 'tardigrade lab list' shows those that do"));
  }

  /** A name that no host has: host1, host2, … */
  public String freeName() throws IOException {
    List<String> taken = folders();
    int number = 1;
    while (taken.contains("host" + number)) {
      number++;
    }
    return "host" + number;
  }

  /** Removes a host and all that is left of it; does nothing where there is none. */
  public void down(String name) throws IOException {
    var _ =
        changing(() -> {
          remove(name);
          return name;
        });
  }

  /** Removes all hosts, also those half made, and all that the lab has on this machine. */
  public List<String> downAll() throws IOException {
    return changing(() -> {
      List<String> names = folders();
      for (String name : names) {
        remove(name);
      }
      // A command that was cut off may have left a network without hosts.
      network.release("", List.of());
      return names;
    });
  }

  private void remove(String name) throws IOException {
    HostFiles files = HostFiles.of(paths, name);
    new Machine(files).cut();
    List<LabSpec> others = specs().stream().filter(s -> !s.name().equals(name)).toList();
    network.release(name, others);
    Tool.remove(files.run());
    Tool.remove(files.state());
    if (folders().isEmpty()) {
      Tool.remove(paths.run().resolve("lab"));
      Tool.remove(HostFiles.hosts(paths));
      removeIfEmpty(paths.run());
    }
  }

  /** The agent's sockets may lie there as well. */
  private static void removeIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      // Somebody else needs it.
    }
  }
}
