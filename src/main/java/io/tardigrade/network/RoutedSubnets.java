package io.tardigrade.network;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Networks that lie behind machines on an installation's bridge: a route to each, so that whoever
 * is here reaches them by their own addresses, and translation of what they send elsewhere. The
 * translation is here, not on the machine before them, so that nothing of a connection is lost when
 * that machine is reset.
 *
 * <p>Needs root. What is not wanted any more goes; the routes go with the bridge, the table by
 * {@link #remove}.
 */
public final class RoutedSubnets {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Installation installation;

  /** Those behind the bridge of {@code installation}. */
  public RoutedSubnets(Installation installation) {
    this.installation = installation;
  }

  /**
   * Takes a network like those that installations take for their guests, in the way of no route,
   * and makes it reachable through {@code gateway}: a route is how installations that choose at the
   * same time see what is taken.
   *
   * @param taken what is not to be chosen, route or not
   */
  public Subnet take(List<Subnet> taken, Ipv4 gateway) throws IOException {
    try (HostLock _ = HostLock.take()) {
      List<Links.Route> routes = new ArrayList<>(Links.routes());
      taken.forEach(subnet -> routes.add(new Links.Route(subnet, "")));
      Subnet free = SubnetChoice.choose(routes);
      Links.batch(route(free.toString(), gateway.toString()));
      return free;
    }
  }

  private String route(String subnet, String gateway) {
    return "route replace %s via %s dev %s".formatted(subnet, gateway, installation.bridge());
  }

  /** Makes exactly these networks reachable, each through the machine at its address. */
  public void set(Map<Subnet, Ipv4> gateways) throws IOException {
    Map<String, Ipv4> wanted = new TreeMap<>();
    gateways.forEach((subnet, gateway) -> wanted.put(subnet.toString(), gateway));
    List<String> changes = new ArrayList<>();
    for (String route : routed()) {
      if (!wanted.containsKey(route)) {
        changes.add("route delete " + route + " dev " + installation.bridge());
      }
    }
    wanted.forEach((subnet, gateway) -> changes.add(route(subnet, gateway.toString())));
    Links.batch(changes.toArray(String[]::new));
    Command.run(
        List.of("nft", "-f", "-"), table(installation, wanted.keySet().stream().toList()), TIMEOUT);
  }

  /** Routes on the bridge with a gateway, which only {@link #set} makes. */
  private List<String> routed() throws IOException {
    String listed = Command.run("ip", "-4", "route", "show", "dev", installation.bridge());
    return listed
        .lines()
        .filter(line -> line.contains(" via "))
        .map(line -> line.split(" ", 2)[0])
        .toList();
  }

  static String table(Installation installation, List<String> subnets) {
    String replaced = "add table ip $T\ndelete table ip $T\n";
    String rules =
        """
        table ip $T {
          set routed { type ipv4_addr; flags interval; elements = { $S } }
          chain source {
            type nat hook postrouting priority 91; policy accept;
            oifname != "$B" ip saddr @routed ip daddr != @routed masquerade
          }
        }
        """;
    return (replaced + (subnets.isEmpty() ? "" : rules))
        .replace("$T", name(installation))
        .replace("$B", installation.bridge())
        .replace("$S", subnets.stream().collect(Collectors.joining(", ")));
  }

  private static String name(Installation installation) {
    return installation.table() + "-routed";
  }

  /** Takes the translation away; the routes go with the bridge. */
  public void remove() throws IOException {
    Command.run(List.of("nft", "-f", "-"), table(installation, List.of()), TIMEOUT);
  }
}
