package io.tardigrade.image;

import java.util.List;

/**
 * The address a guest gives its network card when it boots; IPv4, for the guest's whole life.
 *
 * @param address the guest's own, as in {@code 10.66.0.2}
 * @param prefixBits length of the network's prefix, 1 to 32
 * @param gateway where packets for elsewhere go
 * @param nameServers addresses for {@code /etc/resolv.conf}, at most 3
 */
public record GuestNetwork(
    String address, int prefixBits, String gateway, List<String> nameServers) {
  public GuestNetwork {
    nameServers = List.copyOf(nameServers);
    requireAddress(address);
    requireAddress(gateway);
    nameServers.forEach(GuestNetwork::requireAddress);
    if (prefixBits < 1 || prefixBits > 32) {
      throw new IllegalArgumentException(
          "the network prefix is " + prefixBits + "; expected 1 to 32");
    }
  }

  private static void requireAddress(String text) {
    String octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
    if (!text.matches("(" + octet + "\\.){3}" + octet)) {
      throw new IllegalArgumentException(
          "`" + ImageException.oneLine(text) + "` is no IPv4 address; expected one like 10.66.0.2");
    }
  }
}
