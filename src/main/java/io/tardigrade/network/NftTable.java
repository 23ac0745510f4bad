package io.tardigrade.network;

import io.tardigrade.network.PortForward.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The text of an installation's nftables table, and what its maps hold. Pure.
 *
 * <p>All rules are fixed once the subnet is; publishing a port only adds an element to a map, in
 * one transaction and without touching another guest's. Established connections are carried by the
 * kernel's connection tracking and do not look at the maps again.
 *
 * <pre>
 * maps      tcp_any, udp_any   host port           → guest address . guest port
 *           tcp_one, udp_one   address . host port → guest address . guest port
 * chains    loopback   nobody on the bridge reaches this host's 127.0.0.0/8, though route_localnet
 *                      is on there
 *           publish    the lookups, for packets from elsewhere (prerouting), from guests
 *                      (prerouting too) and from this host (output)
 *           source     outbound packets take this host's address; replies to what this host sent
 *                      from 127.0.0.1, or a guest to a published port, must come back through it
 * </pre>
 */
final class NftTable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private NftTable() {}

  /** A published port as it stands in the table; the comment is the guest's name. */
  record Element(PortForward forward, Ipv4 guest, String comment) {
    String map() {
      return forward.transport() + (forward.address().isPresent() ? "_one" : "_any");
    }

    String key() {
      return forward.address().map(a -> a + " . ").orElse("") + forward.hostPort();
    }

    String text() {
      return key() + " comment \"" + comment + "\" : " + guest + " . " + forward.guestPort();
    }
  }

  /**
   * The whole table without elements. Own priorities, a little before those of other NAT.
   *
   * @param routed whether the guests' own addresses are known outside: then nothing they send is
   *     translated, and a connection goes on though this host forgot it
   */
  static String create(Installation installation, Subnet subnet, boolean routed) {
    String outward = "oifname != \"$B\" ip saddr $S ip daddr != $S masquerade";
    return """
    table ip $T {
      map tcp_any { type inet_service : ipv4_addr . inet_service; }
      map udp_any { type inet_service : ipv4_addr . inet_service; }
      map tcp_one { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
      map udp_one { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
      chain loopback {
        type filter hook prerouting priority -300; policy accept;
        iifname "$B" ip saddr 127.0.0.0/8 drop
        iifname "$B" ip daddr 127.0.0.0/8 drop
      }
      chain publish {
        dnat ip to ip daddr . tcp dport map @tcp_one
        dnat ip to ip daddr . udp dport map @udp_one
        fib daddr type local dnat ip to tcp dport map @tcp_any
        fib daddr type local dnat ip to udp dport map @udp_any
      }
      chain arriving { type nat hook prerouting priority -110; policy accept; jump publish; }
      chain local { type nat hook output priority -110; policy accept; jump publish; }
      chain source {
        type nat hook postrouting priority 90; policy accept;
        oifname "$B" ip saddr 127.0.0.0/8 masquerade
        oifname "$B" ip saddr $S ct status dnat masquerade
        $O
      }
    }
    """
        .replace("$O", routed ? "" : outward)
        .replace("$T", installation.table())
        .replace("$B", installation.bridge())
        .replace("$S", subnet.toString());
  }

  /** What the maps should hold. */
  static List<Element> wanted(NetworkState state) {
    List<Element> elements = new ArrayList<>();
    state
        .guests()
        .forEach((name, guest) ->
            guest
                .parsed()
                .forEach(f -> elements.add(new Element(f, Ipv4.parse(guest.address()), name))));
    return elements;
  }

  /** The commands that turn {@code present} into {@code wanted}; empty where nothing is to do. */
  static String difference(Installation installation, List<Element> present, List<Element> wanted) {
    StringBuilder commands = new StringBuilder();
    for (Element element : present) {
      if (!wanted.contains(element)) {
        command(commands, "delete", installation, element, element.key());
      }
    }
    for (Element element : wanted) {
      if (!present.contains(element)) {
        command(commands, "add", installation, element, element.text());
      }
    }
    return commands.toString();
  }

  private static void command(
      StringBuilder commands,
      String verb,
      Installation installation,
      Element element,
      String what) {
    commands
        .append(verb)
        .append(" element ip ")
        .append(installation.table())
        .append(' ')
        .append(element.map())
        .append(" { ")
        .append(what)
        .append(" }\n");
  }

  /**
   * The published ports in every table that looks like an installation's, by table, from {@code nft
   * -j list maps}.
   */
  static Map<String, List<Element>> parseMaps(String json) {
    Map<String, List<Element>> tables = new TreeMap<>();
    for (JsonNode entry : JSON.readTree(json).path("nftables")) {
      JsonNode map = entry.path("map");
      String name = map.path("name").asString("");
      if (!map.path("family").asString("").equals("ip") || !name.matches("(tcp|udp)_(any|one)")) {
        continue;
      }
      Transport transport = name.startsWith("tcp") ? Transport.TCP : Transport.UDP;
      List<Element> elements =
          tables.computeIfAbsent(map.path("table").asString(""), t -> new ArrayList<>());
      for (JsonNode pair : map.path("elem")) {
        element(transport, pair).ifPresent(elements::add);
      }
    }
    return tables;
  }

  /** One element: [ KEY or {"elem": {"val": KEY, "comment": C}}, {"concat": [ADDRESS, PORT]} ]. */
  private static Optional<Element> element(Transport transport, JsonNode pair) {
    JsonNode elem = pair.path(0).path("elem");
    JsonNode key = elem.isMissingNode() ? pair.path(0) : elem.path("val");
    JsonNode parts = key.path("concat");
    JsonNode target = pair.path(1).path("concat");
    int hostPort = (parts.isMissingNode() ? key : parts.path(1)).asInt(0);
    if (hostPort == 0 || target.size() != 2) {
      return Optional.empty();
    }
    Optional<Ipv4> address =
        parts.isMissingNode()
            ? Optional.empty()
            : Optional.of(Ipv4.parse(parts.path(0).asString("")));
    return Optional.of(
        new Element(
            new PortForward(address, hostPort, target.path(1).asInt(0), transport),
            Ipv4.parse(target.path(0).asString("")),
            elem.path("comment").asString("")));
  }

  /** Others' chains through which forwarded packets must pass and that refuse by default. */
  static List<String> refusingChains(String json, Installation installation) {
    List<String> names = new ArrayList<>();
    for (JsonNode entry : JSON.readTree(json).path("nftables")) {
      JsonNode chain = entry.path("chain");
      if (chain.path("hook").asString("").equals("forward")
          && chain.path("policy").asString("").equals("drop")
          && List.of("ip", "inet").contains(chain.path("family").asString(""))
          && !chain.path("table").asString("").equals(installation.table())) {
        names.add(
            chain.path("family").asString("")
                + " "
                + chain.path("table").asString("")
                + " "
                + chain.path("name").asString(""));
      }
    }
    return names;
  }

  /** Whether anybody but installations of ours forwards or translates on this host. */
  static boolean othersForward(String chainsJson, Set<String> ours) {
    for (JsonNode entry : JSON.readTree(chainsJson).path("nftables")) {
      JsonNode chain = entry.path("chain");
      boolean forwards =
          chain.path("hook").asString("").equals("forward")
              || chain.path("type").asString("").equals("nat");
      if (forwards && !ours.contains(chain.path("table").asString(""))) {
        return true;
      }
    }
    return false;
  }
}
