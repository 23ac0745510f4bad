package io.tardigrade.network;

import java.util.Optional;

/**
 * The guests' network of a cluster as one host sees it: one layer-2 network over all hosts, so that
 * a guest keeps its address wherever it runs. Each host gives addresses out of a part of its own;
 * each is the gateway, under the same address.
 *
 * <pre>
 *   10.117.0.1          the gateway: the bridge of whichever host a guest is on
 *   10.117.N.2 … .254   given by host N, 1 to 254
 *   the rest            for machines that are no guests
 * </pre>
 *
 * @param network of all guests, a /16
 * @param host number of this host in the cluster, 1 to 254
 * @param uplink interface of this host that leads to the other hosts' bridges; empty where none
 *     does, and guests reach those of the same host only
 */
public record ClusterNetwork(Subnet network, int host, Optional<String> uplink) {
  private static final int PREFIX = 16;
  private static final int POOL_PREFIX = 24;
  private static final int HOST_MAX = 254;

  public ClusterNetwork {
    if (network.prefix() != PREFIX) {
      throw new IllegalArgumentException(
          "'"
              + network
              + "' is no network of a cluster's guests, expected one such as"
              + " 10.117.0.0/16");
    }
    if (host < 1 || host > HOST_MAX) {
      throw new IllegalArgumentException(
          "host number " + host + " has no part of the guests' network, expected 1 to " + HOST_MAX);
    }
    uplink.ifPresent(name -> {
      if (!name.matches("[A-Za-z0-9_.-]{1," + Tap.NAME_CHARS_MAX + "}")) {
        throw new IllegalArgumentException(
            "'" + name + "' cannot name an interface, expected 1 to 15 letters, digits, '-'");
      }
    });
  }

  /** What this host gives addresses out of. */
  public Subnet pool() {
    return new Subnet(network.at(host << (32 - POOL_PREFIX)), POOL_PREFIX);
  }

  /** Whether it is an address that some host of the cluster gives to guests. */
  boolean isGuests(Ipv4 address) {
    int part = (address.bits() - network.base().bits()) >>> 8;
    return network.contains(address)
        && part >= 1
        && part <= HOST_MAX
        && address.lastByte() >= AddressPool.INDEX_FIRST
        && address.lastByte() <= AddressPool.INDEX_LAST;
  }
}
