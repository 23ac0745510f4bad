package io.tardigrade.netlab;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.UsageException;
import io.tardigrade.image.GuestKernel;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.StateLock;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.netlab.LabState.Quality;
import io.tardigrade.netlab.LabState.Way;
import io.tardigrade.network.FreeSubnet;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Subnet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The lab of namespaces of an installation: makes it, finds its hosts, does to them what failures
 * do, takes it away. Needs root. Any thread and any process may call; those that change something
 * wait for each other.
 */
public final class NamespaceLab {
  /** What a host has in the guests' network. */
  private static final String UPLINK = "eth1";

  private static final Duration TOOL_MAX = Duration.ofMinutes(1);
  private static final Duration COMMAND_MAX = Duration.ofMinutes(3);

  private final HostPaths paths;
  private final HostFolders folders;
  private final Names names;
  private final Wire wire;
  private final Consumer<String> progress;

  /**
   * The lab of an installation.
   *
   * @param progress told what is being done
   */
  public NamespaceLab(HostPaths paths, Consumer<String> progress) {
    this.paths = paths;
    this.folders = new HostFolders(paths);
    this.names = Names.of(paths);
    this.wire = new Wire(names);
    this.progress = progress;
  }

  /** Something done while nobody else changes the lab. */
  private interface Change<T> {
    T make() throws IOException;
  }

  private <T> T changing(Change<T> change) throws IOException {
    if (Linux.geteuid() != 0) {
      throw RefusedException.conflict("a lab of namespaces needs root: use sudo");
    }
    try (StateLock _ =
        StateLock.take(
            paths.state(),
            "lab.lock",
            () -> progress.accept("waiting for another command that changes the lab"))) {
      return change.make();
    }
  }

  private Optional<LabState> load() throws IOException {
    return Files.exists(folders.spec())
        ? Optional.of(Json.read(folders.spec(), LabState.class))
        : Optional.empty();
  }

  private LabState state(String host) throws IOException {
    return load()
        .filter(state -> state.names().contains(host))
        .orElseThrow(() ->
            RefusedException.notFound(
                "lab host '"
                    + host
                    + "' is none of a lab of namespaces; 'tardigrade lab list' shows those that"
                    + " are, 'tardigrade lab up --hosts 3' makes some"));
  }

  private void save(LabState state) throws IOException {
    Json.write(folders.spec(), state);
  }

  /** Its hosts, by name; none where there is no lab. */
  public List<NamespaceHost> hosts() throws IOException {
    Optional<LabState> state = load();
    List<NamespaceHost> hosts = new ArrayList<>();
    if (state.isPresent()) {
      for (String name : state.get().names()) {
        hosts.add(new NamespaceHost(folders, names, state.get(), name));
      }
    }
    return hosts;
  }

  /** The host of this name, empty where the lab has none. */
  public Optional<NamespaceHost> find(String name) throws IOException {
    return hosts().stream().filter(host -> host.name().equals(name)).findFirst();
  }

  /** The host of this name, or an error that says that there is none. */
  public NamespaceHost host(String name) throws IOException {
    return new NamespaceHost(folders, names, state(name), name);
  }

  /** How links between hosts are, one line for each that is not as good as can be. */
  public List<String> troubles() throws IOException {
    List<String> lines = new ArrayList<>();
    load()
        .ifPresent(state -> {
          state.isolated().forEach(host -> lines.add(host + ": cut off from all"));
          state.cuts().forEach(way -> lines.add(way.from() + " -> " + way.to() + ": cut"));
          state
              .links()
              .forEach(link ->
                  lines.add(
                      link.way().from()
                          + " -> "
                          + link.way().to()
                          + ": "
                          + WireRules.describe(link)));
        });
    return lines;
  }

  /**
   * Makes a lab of hosts h1, h2, … that have power, each with its agent; nothing is left of one
   * that cannot be made.
   */
  public List<NamespaceHost> up(int hosts) throws IOException {
    if (hosts < 1 || hosts > LabState.HOSTS_MAX) {
      throw new UsageException("hosts '" + hosts + "' of a lab; give 1 to " + LabState.HOSTS_MAX);
    }
    return changing(() -> {
      if (load().isPresent()) {
        throw RefusedException.conflict(
            "a lab of namespaces exists; 'tardigrade lab down' removes it");
      }
      clear();
      try {
        return make(hosts);
      } catch (IOException e) {
        try {
          clear();
        } catch (IOException second) {
          e.addSuppressed(second);
        }
        throw e;
      }
    });
  }

  private List<NamespaceHost> make(int hosts) throws IOException {
    progress.accept("making " + hosts + " hosts and their network");
    LabState state =
        LabState.fresh(
            hosts,
            free("10.%d.0.0", 9, 24),
            free("10.%d.0.0", 117, 16),
            Instant.now().truncatedTo(ChronoUnit.MILLIS));
    Files.createDirectories(folders.lab());
    Files.createDirectories(paths.cache());
    save(state);
    ProgramScript.write(folders.programs());
    // The hosts have no way out to fetch it.
    var _ = GuestKernel.obtain(paths.cache());
    wire.make(state);
    for (String name : state.names()) {
      Path home = Files.createDirectories(folders.of(name).state());
      // What is made once for all guests of this machine need not be made again in each host.
      Files.createSymbolicLink(home.resolve("cache"), paths.cache());
      powerOn(state, name);
    }
    return hosts();
  }

  /**
   * Makes one cluster of all hosts, each in a zone of its own, by the commands that a user would
   * type. h1 is its first.
   */
  public void makeCluster() throws IOException {
    for (NamespaceHost host : hosts()) {
      progress.accept(
          host.name().equals("h1") ? "h1 makes a cluster" : host.name() + " joins the cluster");
      List<String> command = new ArrayList<>(List.of("tardigrade", "host"));
      if (host.name().equals("h1")) {
        command.addAll(List.of("init", "--network", host.guestNetwork()));
      } else {
        command.add("join");
        command.add(host("h1").run(COMMAND_MAX, "tardigrade", "host", "token").strip());
      }
      command.addAll(
          List.of(
              "--name",
              host.name(),
              "--zone",
              "z" + LabState.number(host.name()),
              "--address",
              host.address(),
              "--uplink",
              UPLINK));
      var _ = host.run(COMMAND_MAX, command.toArray(new String[0]));
    }
  }

  private static String free(String pattern, int first, int prefix) throws IOException {
    List<Subnet> candidates =
        IntStream.range(first, first + 50)
            .mapToObj(number -> new Subnet(Ipv4.parse(pattern.formatted(number)), prefix))
            .toList();
    return FreeSubnet.firstOf(candidates)
        .orElseThrow(() ->
            new IOException(
                "none of the networks "
                    + candidates.getFirst()
                    + " to "
                    + candidates.getLast()
                    + " is free on this machine: remove routes or addresses there"))
        .toString();
  }

  private void powerOn(LabState state, String name) throws IOException {
    NamespaceHost host = new NamespaceHost(folders, names, state, name);
    host.namespace().destroy();
    wire.removeHost(name);
    host.namespace().make();
    wire.addHost(state, name, host.namespace());
    wire.apply(state);
    wire.connect(name, state.isConnected(name));
    Files.createDirectories(folders.of(name).run());
    host.startAgent();
  }

  /**
   * Cuts a host's power: it falls silent at once, then all its processes are killed, and what it
   * had in RAM is gone. Does nothing where it is off.
   */
  public void kill(String name) throws IOException {
    var _ =
        changing(() -> {
          LabState before = state(name);
          LabState after = before.withOff(name, true);
          save(after);
          NetworkNamespace namespace = host(name).namespace();
          if (namespace.exists()) {
            if (before.isConnected(name)) {
              // First: the connections of killed processes are closed by their kernel, which a
              // machine without power has no more.
              wire.connect(name, false);
            }
            namespace.destroy();
          }
          wire.removeHost(name);
          wire.apply(after);
          forget(folders.of(name));
          return after;
        });
  }

  private static void forget(HostPaths host) throws IOException {
    remove(host.run());
    remove(host.images());
  }

  /** Boots a host that is off, from what is on its disk. */
  public void start(String name) throws IOException {
    var _ =
        changing(() -> {
          LabState state = state(name);
          if (state.isOff(name)) {
            LabState after = state.withOff(name, false);
            powerOn(after, name);
            save(after);
          }
          return state;
        });
  }

  /** Stops a host as a machine that stands still: its processes, and its part in the network. */
  public void pause(String name) throws IOException {
    var _ =
        changing(() -> {
          LabState state = state(name);
          host(name).requirePower();
          save(state.withPaused(name, true));
          wire.connect(name, false);
          host(name).namespace().stopAll();
          return state;
        });
  }

  /** Lets a paused host go on. */
  public void resume(String name) throws IOException {
    var _ =
        changing(() -> {
          LabState state = state(name).withPaused(name, false);
          host(name).requirePower();
          wire.connect(name, state.isConnected(name));
          host(name).namespace().continueAll();
          save(state);
          return state;
        });
  }

  /** Pulls both cables of a host out: of the cluster's network and of the guests'. */
  public void isolate(String name) throws IOException {
    var _ =
        changing(() -> {
          LabState state = state(name).withIsolated(name);
          save(state);
          if (!state.isOff(name)) {
            wire.connect(name, false);
          }
          return state;
        });
  }

  /**
   * Lets nothing pass from one host to another in the cluster's network.
   *
   * @param bothWays nor back
   */
  public void cut(String from, String to, boolean bothWays) throws IOException {
    Way way = way(from, to);
    var _ =
        changing(() -> {
          LabState state = state(from).withCut(way);
          LabState all = bothWays ? state.withCut(way.back()) : state;
          save(all);
          wire.apply(all);
          return all;
        });
  }

  /**
   * Makes the way from one host to another in the cluster's network so good, and no better.
   *
   * @param delayNanos added to each frame
   * @param lossMillionths so many of a million frames are lost
   * @param bitsPerSecond at most so much, 0 for no limit
   * @param bothWays and the way back
   */
  public void link(
      String from,
      String to,
      long delayNanos,
      int lossMillionths,
      long bitsPerSecond,
      boolean bothWays)
      throws IOException {
    Way way = way(from, to);
    List<Way> ways = bothWays ? List.of(way, way.back()) : List.of(way);
    var _ =
        changing(() -> {
          LabState state = state(from);
          for (Way each : ways) {
            state = state.withLink(new Quality(each, delayNanos, lossMillionths, bitsPerSecond));
          }
          save(state);
          wire.apply(state);
          wire.limitRates(state, ways);
          return state;
        });
  }

  private Way way(String from, String to) throws IOException {
    var _ = state(from);
    var _ = state(to);
    if (from.equals(to)) {
      throw new UsageException("host '" + from + "' is given twice; name two hosts of the lab");
    }
    return new Way(from, to);
  }

  /** Takes back all that was done to cables and links; hosts that are off or paused stay so. */
  public void heal() throws IOException {
    var _ =
        changing(() -> {
          Optional<LabState> before = load();
          if (before.isPresent()) {
            LabState state = before.get().healed();
            save(state);
            wire.apply(state);
            wire.limitRates(state, before.get().links().stream().map(Quality::way).toList());
            for (String name : state.names()) {
              if (!state.isOff(name)) {
                wire.connect(name, state.isConnected(name));
              }
            }
          }
          return before;
        });
  }

  /** Removes the lab and all that is left of one; returns the hosts there were. */
  public List<String> down() throws IOException {
    return changing(() -> {
      List<String> gone = load().map(LabState::names).orElse(List.of());
      clear();
      return gone;
    });
  }

  /** By names alone: a lab half made or half removed goes too. */
  private void clear() throws IOException {
    for (NetworkNamespace namespace : NetworkNamespace.all(names.prefix())) {
      namespace.destroy();
    }
    for (String device : List.of(names.clusterDevice(), names.guestsDevice())) {
      // Gone already with the other end, as a rule.
      var _ = Command.attempt("ip", "link", "delete", "dev", device);
    }
    remove(folders.run());
    remove(folders.images());
    remove(folders.lab());
  }

  private static void remove(Path folder) throws IOException {
    var _ = Command.run(List.of("rm", "-rf", "--", folder.toString()), "", TOOL_MAX);
  }
}
