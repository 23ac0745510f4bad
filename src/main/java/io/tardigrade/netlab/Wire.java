package io.tardigrade.netlab;

import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.NativeHelpers;
import io.tardigrade.netlab.LabState.Way;
import io.tardigrade.netlab.WireRules.DelayLine;
import io.tardigrade.network.Subnet;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The namespace in which all cables of a lab end; see {@link WireRules} for what is in it. */
final class Wire {
  /** Of this machine in the cluster's network. */
  private static final int MACHINE_INDEX = 254;

  private static final long DRAIN_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  private static final String BRIDGE_OF_CLUSTER = "cluster";
  private static final String BRIDGE_OF_GUESTS = "guests";

  private final Names names;
  private final NetworkNamespace wire;

  Wire(Names names) {
    this.names = names;
    this.wire = new NetworkNamespace(names.wire());
  }

  /** This machine's address in the guests' network: the last one. */
  static String machineInGuests(LabState state) {
    Subnet guests = Subnet.parse(state.guestNetwork());
    return guests.at((1 << (32 - guests.prefix())) - 2).toString();
  }

  /** Makes the wire, with this machine's cables and without any host's. */
  void make(LabState state) throws IOException {
    wire.make();
    for (String bridge : List.of(BRIDGE_OF_CLUSTER, BRIDGE_OF_GUESTS)) {
      wire.ip(
          List.of(
              "link add name %s type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
                  .formatted(bridge),
              "link set dev %s up".formatted(bridge)));
    }
    int prefix = Subnet.parse(state.clusterNetwork()).prefix();
    machineCable(
        names.clusterDevice(),
        "c0",
        BRIDGE_OF_CLUSTER,
        WireRules.address(state, MACHINE_INDEX) + "/" + prefix);
    machineCable(
        names.guestsDevice(),
        "u0",
        BRIDGE_OF_GUESTS,
        machineInGuests(state) + "/" + Subnet.parse(state.guestNetwork()).prefix());
  }

  private void machineCable(String device, String port, String bridge, String address)
      throws IOException {
    Command.run(
        List.of("ip", "-batch", "-"),
        """
        link add name %1$s type veth peer name %2$s netns %3$s
        addr add %4$s dev %1$s
        link set dev %1$s up
        """
            .formatted(device, port, wire.name(), address),
        java.time.Duration.ofSeconds(20));
    wire.ip(List.of("link set dev %s master %s up".formatted(port, bridge)));
  }

  /** Plugs a host's two cables in at this end; the other ends become its eth0 and eth1. */
  void addHost(LabState state, String host, NetworkNamespace namespace) throws IOException {
    int number = LabState.number(host);
    wire.ip(
        List.of(
            // A machine has the same hardware addresses after a restart.
            "link add name c%1$d type veth peer name eth0 address 02:54:00:00:00:0%1$d netns %2$s"
                .formatted(number, namespace.name()),
            "link add name u%1$d type veth peer name eth1 address 02:54:00:00:01:0%1$d netns %2$s"
                .formatted(number, namespace.name()),
            "link set dev c%d up".formatted(number),
            "link set dev u%d up".formatted(number)));
    namespace.ip(
        List.of(
            "addr add %s/%d dev eth0"
                .formatted(
                    WireRules.address(state, number),
                    Subnet.parse(state.clusterNetwork()).prefix()),
            "link set dev eth0 up",
            "link set dev eth1 up"));
    limitRates(state, host);
  }

  /** Removes a host's cables; a namespace that is deleted would take its ends along some time. */
  void removeHost(String host) throws IOException {
    int number = LabState.number(host);
    for (String port : List.of("c" + number, "u" + number)) {
      // There may be none.
      var _ = Command.attempt("ip", "-n", wire.name(), "link", "delete", "dev", port);
    }
  }

  /**
   * Pulls a host's cables out at this end, or plugs them in: nobody is told, frames just vanish.
   */
  void connect(String host, boolean is) throws IOException {
    int number = LabState.number(host);
    if (is) {
      wire.ip(
          List.of(
              "link set dev c%d master %s".formatted(number, BRIDGE_OF_CLUSTER),
              "link set dev u%d master %s".formatted(number, BRIDGE_OF_GUESTS)));
    } else {
      wire.ip(
          List.of(
              "link set dev c%d nomaster".formatted(number),
              "link set dev u%d nomaster".formatted(number)));
    }
  }

  /** Makes delays, losses and cuts as they should be. */
  void apply(LabState state) throws IOException {
    List<DelayLine> missing = new ArrayList<>(WireRules.delayLines(state));
    Map<Long, List<String>> stale = new TreeMap<>();
    for (long pid : wire.processes()) {
      List<String> words = words(pid);
      boolean serves =
          missing.removeIf(line ->
              words.size() == 5
                  && words
                      .subList(2, 5)
                      .equals(List.of(Long.toString(line.nanos()), line.in(), line.out())));
      if (!serves) {
        stale.put(pid, words);
      }
    }
    // Of one way there can be one only.
    for (DelayLine line : missing) {
      for (Long pid : List.copyOf(stale.keySet())) {
        if (stale.getOrDefault(pid, List.of()).contains(line.in())) {
          end(pid);
          stale.remove(pid);
        }
      }
      start(line);
    }
    wire.nft(WireRules.table(state));
    // A frame that was lost in them would be sent again after 0.2 s only: a cut, for who waits
    // less.
    drain(stale.values());
    for (long pid : stale.keySet()) {
      end(pid);
    }
  }

  /** Waits until what was sent through these delay lines before now has left them. */
  private static void drain(Collection<List<String>> lines) throws IOException {
    long nanos = 0;
    for (List<String> words : lines) {
      if (words.size() == 5) {
        nanos = Math.max(nanos, Long.parseLong(words.get(2)));
      }
    }
    try {
      TimeUnit.NANOSECONDS.sleep(Math.min(nanos, DRAIN_NANOS_MAX));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while delay lines ran empty", e);
    }
  }

  private static List<String> words(long pid) throws IOException {
    try {
      String line = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
      return List.of(line.split("\0", 0));
    } catch (java.nio.file.NoSuchFileException e) {
      return List.of();
    }
  }

  private static void end(long pid) throws IOException {
    Linux.kill(pid, Linux.SIGKILL);
    while (ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
      NetworkNamespace.sleep();
    }
  }

  private void start(DelayLine line) throws IOException {
    List<String> command =
        List.of(
            "setsid",
            NativeHelpers.labHelper().toString(),
            "delay",
            Long.toString(line.nanos()),
            line.in(),
            line.out());
    Process process =
        new ProcessBuilder(wire.inside(command))
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      String first = said.readLine();
      if (!"ready".equals(first)) {
        throw new IOException("the delay line " + line.in() + " does not start: " + first);
      }
    }
    wire.ip(
        List.of(
            "link set dev %s master %s".formatted(line.out(), BRIDGE_OF_CLUSTER),
            ("link set dev %s type bridge_slave learning off flood off mcast_flood off"
                    + " bcast_flood off")
                .formatted(line.out())));
  }

  /** Limits the rates of all ways to a host. */
  void limitRates(LabState state, String to) throws IOException {
    // There may be no queue yet.
    var _ =
        Command.attempt(
            "tc", "-n", wire.name(), "qdisc", "del", "dev", "c" + LabState.number(to), "root");
    wire.tc(WireRules.rates(state, to));
  }

  /** Limits the rates of these ways, and of no others to the same hosts. */
  void limitRates(LabState state, List<Way> ways) throws IOException {
    for (String to : ways.stream().map(Way::to).distinct().toList()) {
      if (!state.isOff(to)) {
        limitRates(state, to);
      }
    }
  }
}
