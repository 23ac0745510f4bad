package io.tardigrade.network;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Chooses the network of an installation's guests such that the host can still reach all else. */
final class SubnetChoice {
  /** Wider routes are halves or quarters of the default route, as VPNs set them. */
  static final int PREFIX_SPECIFIC_MIN = 8;

  private SubnetChoice() {}

  /** In order of preference. */
  static List<Subnet> candidates() {
    List<Subnet> all = new ArrayList<>();
    for (String start : List.of("10.117.0.0", "10.217.0.0", "172.29.0.0", "192.168.0.0")) {
      for (int i = 0; i < 256; i++) {
        all.add(new Subnet(Ipv4.parse(start).plus(i << 8), 24));
      }
    }
    return all;
  }

  /**
   * The first candidate that shares no address with any route; failing that, the first that hides
   * only part of a wider route (a VPN may claim all private networks).
   */
  static Subnet choose(List<Links.Route> routes) {
    Predicate<Subnet> free =
        s ->
            routes.stream()
                .map(Links.Route::subnet)
                .noneMatch(r -> r.prefix() >= PREFIX_SPECIFIC_MIN && r.overlaps(s));
    Predicate<Subnet> usable = s -> routes.stream().noneMatch(r -> blocks(r, s));
    return candidates().stream()
        .filter(free)
        .findFirst()
        .or(() -> candidates().stream().filter(usable).findFirst())
        .orElseThrow(() ->
            new IllegalStateException(
                "no /24 under 10.117, 10.217, 172.29 or 192.168 is free on this host: "
                    + "remove routes or addresses there"));
  }

  /** Whether the route would take guests' traffic away from us, or we its. */
  static boolean blocks(Links.Route route, Subnet subnet) {
    return route.subnet().prefix() >= subnet.prefix() && route.subnet().overlaps(subnet);
  }
}
