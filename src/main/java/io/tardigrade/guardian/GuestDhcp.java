package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.network.DhcpResponder;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Mac;
import io.tardigrade.network.Subnet;
import java.util.List;

/** The answers to a guest that asks for its address. */
final class GuestDhcp {
  private GuestDhcp() {}

  static DhcpResponder of(GuestSpec spec) {
    Subnet subnet =
        Subnet.parse(
            new Subnet(Ipv4.parse(spec.gateway()).plus(-1), spec.prefixLength()).toString());
    HostNetwork.Place place =
        new HostNetwork.Place(
            Ipv4.parse(spec.address()), Mac.parse(spec.mac()), spec.tap(), subnet);
    List<Ipv4> resolvers = spec.nameservers().stream().map(Ipv4::parse).toList();
    return new DhcpResponder(place, resolvers, spec.name());
  }
}
