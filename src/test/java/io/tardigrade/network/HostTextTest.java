package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostTextTest {
  private static final Installation HERE = Installation.DEFAULT;

  @TempDir Path directory;

  private static NetworkState state() {
    return new NetworkState(1, "default", "10.117.0.0/24", null, 2, "", Map.of())
        .with("kv")
        .with("web");
  }

  @Test
  void changedForwardsTouchOnlyThemselves() {
    NetworkState before =
        state()
            .with("kv", List.of(PortForward.parse("6379:6379")))
            .with(
                "web",
                List.of(PortForward.parse("127.0.0.1:80:8080"), PortForward.parse("53:53/udp")));
    NetworkState after = before.with("web", List.of(PortForward.parse("127.0.0.1:80:8081")));
    List<NftTable.Element> present = NftTable.wanted(before);
    assertThat(NftTable.difference(HERE, present, present)).isEmpty();
    assertThat(NftTable.difference(HERE, present, NftTable.wanted(after)))
        .isEqualTo(
            """
            delete element ip tardigrade0 tcp_one { 127.0.0.1 . 80 }
            delete element ip tardigrade0 udp_any { 53 }
            add element ip tardigrade0 tcp_one { 127.0.0.1 . 80 comment "web" : 10.117.0.3 . 8081 }
            """);
    assertThat(NftTable.difference(HERE, List.of(), NftTable.wanted(before)))
        .contains("add element ip tardigrade0 tcp_any { 6379 comment \"kv\" : 10.117.0.2 . 6379 }");
  }

  @Test
  void mapsAreReadAsNftPrintsThem() {
    String json =
        """
        {"nftables": [{"metainfo": {"version": "1.0.6"}},
         {"map": {"family": "ip", "name": "tcp_any", "table": "tardigrade0", "elem":
           [[{"elem": {"val": 6379, "comment": "kv"}}, {"concat": ["10.117.0.2", 6379]}], [7, {"concat": ["10.117.0.4", 8]}]]}},
         {"map": {"family": "ip", "name": "udp_one", "table": "tgx", "elem":
           [[{"elem": {"val": {"concat": ["127.0.0.1", 53]}, "comment": "dns"}}, {"concat": ["10.117.0.3", 53]}]]}},
         {"map": {"family": "ip", "name": "verdicts", "table": "kube", "elem": [["a", {"accept": null}]]}},
         {"map": {"family": "ip", "name": "tcp_one", "table": "tardigrade0"}}]}
        """;
    assertThat(NftTable.parseMaps(json))
        .isEqualTo(
            Map.of(
                "tardigrade0",
                List.of(
                    new NftTable.Element(
                        PortForward.parse("6379:6379"), Ipv4.parse("10.117.0.2"), "kv"),
                    new NftTable.Element(PortForward.parse("7:8"), Ipv4.parse("10.117.0.4"), "")),
                "tgx",
                List.of(
                    new NftTable.Element(
                        PortForward.parse("127.0.0.1:53:53/udp"),
                        Ipv4.parse("10.117.0.3"),
                        "dns"))));
  }

  @Test
  void othersChainsThatRefuseAreFound() {
    String json =
        """
        {"nftables": [
          {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter", "hook": "forward", "policy": "drop"}},
          {"chain": {"family": "inet", "table": "fw", "name": "f", "type": "filter", "hook": "forward", "policy": "accept"}},
          {"chain": {"family": "ip6", "table": "x", "name": "f", "type": "filter", "hook": "forward", "policy": "drop"}}]}
        """;
    assertThat(NftTable.refusingChains(json, HERE)).containsExactly("ip filter FORWARD");
    assertThat(NftTable.othersForward(json, Set.of("filter", "fw", "x"))).isFalse();
    assertThat(NftTable.othersForward(json, Set.of("tardigrade0"))).isTrue();
  }

  @Test
  void stateIsReadAsItWasSaved() throws IOException {
    Path file = directory.resolve("network.json");
    assertThat(NetworkState.load(file)).isEmpty();
    NetworkState state = state().with("kv", List.of(PortForward.parse("6379:6379")));
    state.save(file);
    assertThat(NetworkState.load(file)).contains(state);
    assertThat(state.without("kv").guests()).containsOnlyKeys("web");
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void damagedStateIsOneClearLine() throws IOException {
    Path file = directory.resolve("network.json");
    state().save(file);
    String good = Files.readString(file);
    for (String bad :
        List.of(
            "",
            "{}",
            "null",
            "[1]",
            good.substring(0, good.length() / 2),
            good.replace("10.117.0.3", "10.117.0.2"),
            good.replace("10.117.0.0/24", "10.117.0.0/25"),
            good.replace("\"format\" : 1", "\"format\" : 2"),
            good.replace("[ ]", "[ null ]"),
            good.replace("\"kv\"", "\"k\\\"v\""),
            good.replace("[ ]", "[ \"x\" ]"))) {
      Files.writeString(file, bad);
      assertThatThrownBy(() -> NetworkState.load(file))
          .as(bad)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString())
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void takenPortsNameTheirHolder() {
    NetworkState state = state().with("kv", List.of(PortForward.parse("6379:6379")));
    PortConflicts conflicts = new PortConflicts(state, "web", Map.of());
    PortForward wanted = PortForward.parse("6379:1");
    assertThatThrownBy(() -> conflicts.check(wanted, List.of(), List.of()))
        .hasMessage("cannot publish port 6379/tcp: guest 'kv' has published it as 6379:6379/tcp");
    assertThatThrownBy(() ->
            conflicts.check(
                PortForward.parse("81:2"), List.of(PortForward.parse("81:1")), List.of()))
        .hasMessageContaining("same guest");
    NftTable.Element foreign = new NftTable.Element(PortForward.parse("82:1"), new Ipv4(1), "x");
    assertThatThrownBy(() ->
            new PortConflicts(state, "web", Map.of("tgx", List.of(foreign)))
                .check(PortForward.parse("82:2"), List.of(), List.of()))
        .hasMessageContaining("guest 'x' of another installation");
  }

  @Test
  void listenersAreReadFromTheKernelsTables() {
    List<PortUsers.Listener> listeners =
        PortUsers.parse(
            List.of(
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
                "   0: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1",
                "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1",
                "   2: 0100007F:18EB 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 88 1",
                "   3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1",
                "   4: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 98 1",
                "   5: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 97 1",
                "short"));
    assertThat(listeners)
        .containsExactly(
            new PortUsers.Listener(Optional.of(Ipv4.parse("127.0.0.1")), 6379, 1234),
            new PortUsers.Listener(Optional.empty(), 22, 77),
            new PortUsers.Listener(Optional.empty(), 80, 99),
            new PortUsers.Listener(Optional.of(Ipv4.parse("127.0.0.1")), 82, 97));
    PortUsers.Listener local = listeners.getFirst();
    assertThat(PortUsers.inTheWay(local, PortForward.parse("6379:1"))).isTrue();
    assertThat(PortUsers.inTheWay(local, PortForward.parse("10.0.0.1:6379:1"))).isFalse();
    assertThat(PortUsers.inTheWay(local, PortForward.parse("6380:1"))).isFalse();
  }

  @Test
  void resolversBehindALocalOneAreUsed() throws IOException {
    Path first = Files.writeString(directory.resolve("a"), "nameserver 127.0.0.53\noptions x\n");
    Path second =
        Files.writeString(
            directory.resolve("b"),
            """
            # nameserver 1.1.1.1
            search x
            nameserver
            nameserver fe80::1%eth0
            nameserver 9.9.9.9 # x
            nameserver 300.1.1.1
             nameserver\t10.0.0.1
            nameserver 10.0.0.1
            """);
    assertThat(Resolvers.of(List.of(first, second)))
        .containsExactly(Ipv4.parse("9.9.9.9"), Ipv4.parse("10.0.0.1"));
    assertThat(Resolvers.of(List.of(directory.resolve("none"), first))).isEmpty();
  }

  @Test
  void routedGuestsKeepTheirOwnAddressesOutside() {
    Subnet subnet = Subnet.parse("10.117.0.0/24");
    String outward = "oifname != \"tardigrade0\" ip saddr 10.117.0.0/24";
    assertThat(NftTable.create(HERE, subnet, false)).contains(outward);
    assertThat(NftTable.create(HERE, subnet, true)).doesNotContain(outward).contains("masquerade");
  }

  @Test
  void networksBehindHostsAreTranslatedHereOnTheirWayOut() {
    assertThat(RoutedSubnets.table(HERE, List.of("10.2.0.0/24", "10.3.0.0/24")))
        .startsWith("add table ip tardigrade0-routed\ndelete table ip tardigrade0-routed\n")
        .contains("elements = { 10.2.0.0/24, 10.3.0.0/24 }")
        .contains("oifname != \"tardigrade0\" ip saddr @routed ip daddr != @routed masquerade");
    assertThat(RoutedSubnets.table(HERE, List.of())).doesNotContain("set routed");
  }
}
