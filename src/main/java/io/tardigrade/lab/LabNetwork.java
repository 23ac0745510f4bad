package io.tardigrade.lab;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.RoutedSubnets;
import io.tardigrade.network.Subnet;
import io.tardigrade.network.Tap;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The lab's network on this machine: a bridge of its own, to which every lab host has a cable, with
 * a way out through this machine. The guests in a host have a network that this machine routes to
 * it: a client here reaches a guest by the guest's own address. No host translates anything for
 * such a connection, so none has anything to forget when it is reset.
 */
final class LabNetwork {
  private final HostNetwork network;
  private final RoutedSubnets routed;

  LabNetwork(HostPaths paths) {
    Installation installation =
        new Installation(paths.instance().isEmpty() ? "lab" : "lab-" + paths.instance());
    this.network = new HostNetwork(installation, HostFiles.hosts(paths));
    this.routed = new RoutedSubnets(installation);
  }

  /** A host's place, given now where it has none yet; the bridge is there afterwards. */
  HostNetwork.Place place(String host) throws IOException {
    network.setUp();
    return network.place(host);
  }

  /** Takes a network for the guests of another host, which is at {@code address}. */
  Subnet takeGuestNetwork(Collection<LabSpec> hosts, Ipv4 address) throws IOException {
    return routed.take(guestNetworks(hosts).keySet().stream().toList(), address);
  }

  /**
   * Puts right whatever {@code host} and the others need, such as after a restart of this machine.
   */
  void ensure(LabSpec host, Collection<LabSpec> all) throws IOException {
    network.setUp();
    Tap.open(host.tap(), network.place(host.name()).mac()).close();
    network.attach(host.tap());
    routed.set(guestNetworks(all));
  }

  private static Map<Subnet, Ipv4> guestNetworks(Collection<LabSpec> hosts) {
    Map<Subnet, Ipv4> networks = new HashMap<>();
    for (LabSpec host : hosts) {
      networks.put(Subnet.parse(host.guestNetwork()), Ipv4.parse(host.address()));
    }
    return networks;
  }

  /** Takes a host's part away; with the last host goes everything. */
  void release(String host, List<LabSpec> others) throws IOException {
    if (others.isEmpty()) {
      routed.remove();
      network.tearDown();
      return;
    }
    network.release(host);
    network.setUp();
    routed.set(guestNetworks(others));
  }
}
