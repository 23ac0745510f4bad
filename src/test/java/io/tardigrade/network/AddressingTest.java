package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddressingTest {
  private static final Subnet SUBNET = Subnet.parse("10.117.0.0/24");

  @Test
  void guestKeepsItsAddressForLife() {
    AddressPool pool = new AddressPool(SUBNET, Map.of(), 0);
    Ipv4 first = pool.assign("a");
    assertThat(first).hasToString("10.117.0.2");
    pool.assign("b");
    assertThat(pool.assign("a")).isEqualTo(first);
    AddressPool later = new AddressPool(SUBNET, pool.assigned(), pool.next());
    assertThat(later.assign("a")).isEqualTo(first);
    assertThat(later.assign("c")).hasToString("10.117.0.4");
  }

  @Test
  void addressGivenBackRestsWhileOthersAreFree() {
    AddressPool pool = new AddressPool(SUBNET, Map.of(), 0);
    Ipv4 first = pool.assign("a");
    pool.release("a");
    for (int i = 0; i < 252; i++) {
      assertThat(pool.assign("g" + i)).isNotEqualTo(first);
    }
    assertThat(pool.assign("last")).isEqualTo(first);
    assertThatThrownBy(() -> pool.assign("more")).hasMessageContaining("all 253 addresses");
  }

  @Test
  void noTwoGuestsShareAnAddress() {
    Random random = new Random(3);
    AddressPool pool = new AddressPool(SUBNET, Map.of(), 0);
    for (int i = 0; i < 5000; i++) {
      String guest = "g" + random.nextInt(200);
      if (random.nextBoolean()) {
        pool.assign(guest);
      } else {
        pool.release(guest);
      }
      Set<Ipv4> used = new HashSet<>(pool.assigned().values());
      assertThat(used).hasSameSizeAs(pool.assigned().keySet());
      assertThat(used).noneMatch(a -> a.lastByte() < 2 || a.lastByte() > 254);
    }
  }

  @Test
  void damagedMemoryOfThePoolIsRefused() {
    assertThatThrownBy(() -> new AddressPool(SUBNET, Map.of("a", Ipv4.parse("10.9.0.2")), 0))
        .hasMessageContaining("10.9.0.2");
    Ipv4 one = SUBNET.at(5);
    assertThatThrownBy(() -> new AddressPool(SUBNET, Map.of("a", one, "b", one), 0))
        .hasMessageContaining("two guests");
  }

  @Test
  void hardwareAddressFollowsFromTheAddress() {
    assertThat(Ipv4.parse("10.117.3.254").mac()).hasToString("52:54:00:75:03:fe");
    assertThat(Mac.parse("52:54:00:75:03:fe")).isEqualTo(Ipv4.parse("10.117.3.254").mac());
  }

  @Test
  void networksAreReadAndCompared() {
    assertThat(Subnet.parse("10.0.0.0/8").overlaps(SUBNET)).isTrue();
    assertThat(SUBNET.overlaps(Subnet.parse("10.117.0.77"))).isTrue();
    assertThat(SUBNET.overlaps(Subnet.parse("10.117.1.0/24"))).isFalse();
    assertThat(SUBNET.mask()).hasToString("255.255.255.0");
    assertThat(SUBNET.broadcast()).hasToString("10.117.0.255");
    assertThat(Subnet.parse("0.0.0.0/0").contains(Ipv4.parse("255.1.2.3"))).isTrue();
    for (String bad : List.of("10.117.0.1/24", "10.0.0.0/33", "10.0.0.0/x", "/24", "10.0.0/8")) {
      assertThatThrownBy(() -> Subnet.parse(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void freeNetworkIsChosenBesideWhatTheHostReaches() {
    assertThat(choose()).hasToString("10.117.0.0/24");
    assertThat(choose("10.117.0.0/24", "10.117.1.128/25")).hasToString("10.117.2.0/24");
    assertThat(choose("10.117.0.9")).hasToString("10.117.1.0/24");
    assertThat(choose("10.0.0.0/8")).hasToString("172.29.0.0/24");
    // A VPN that takes everything: the halves of the default route say nothing.
    assertThat(choose("0.0.0.0/1", "128.0.0.0/1")).hasToString("10.117.0.0/24");
    assertThat(choose("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "10.117.0.0/24"))
        .hasToString("10.117.1.0/24");
  }

  private static Subnet choose(String... routes) {
    return SubnetChoice.choose(
        List.of(routes).stream().map(r -> new Links.Route(Subnet.parse(r), "eth0")).toList());
  }

  @Test
  void installationsDoNotShareNames() {
    Installation other = new Installation("site-b");
    assertThat(Installation.DEFAULT.bridge()).isEqualTo("tardigrade0");
    assertThat(Installation.DEFAULT.tap(SUBNET.at(254))).isEqualTo("tg0-254");
    assertThat(other.bridge()).isNotEqualTo(new Installation("site-c").bridge());
    for (int i = 0; i < 1000; i++) {
      Installation any = new Installation("i" + i);
      assertThat(any.bridge()).hasSizeLessThanOrEqualTo(15).startsWith(any.tapPrefix());
      assertThat(any.tap(SUBNET.at(254))).hasSizeLessThanOrEqualTo(15);
      assertThat(any.tapPrefix()).isNotEqualTo("tg0-");
    }
    assertThatThrownBy(() -> new Installation("a;b")).hasMessageContaining("'a;b'");
  }

  @Test
  void whatIpPrintsIsUnderstood() throws Exception {
    assertThat(
            Links.parseRoutes(
                """
                [{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},
                 {"type":"unreachable","dst":"10.5.0.0/16","flags":[]},
                 {"dst":"192.0.2.0/24","dev":"eth0","flags":[]},
                 {"type":"local","dst":"192.0.2.2","dev":"eth0"}]
                """))
        .containsExactly(
            new Links.Route(Subnet.parse("10.5.0.0/16"), ""),
            new Links.Route(Subnet.parse("192.0.2.0/24"), "eth0"),
            new Links.Route(Subnet.parse("192.0.2.2/32"), "eth0"));
    assertThat(Links.parseRoutes("")).isEmpty();
    assertThat(
            Links.parseLinks(
                "[{},{\"ifname\":\"tg0-2\",\"master\":\"b\",\"linkinfo\":{\"info_kind\":\"tun\"}}]"))
        .containsExactly(new Links.Link("", "", "", ""), new Links.Link("tg0-2", "tun", "b", ""));
    assertThatThrownBy(() -> Links.parseRoutes("[")).hasMessageContaining("no JSON");
  }

  @Test
  void gratuitousArpAnnouncesTheAddress() {
    assertThat(
            java.util.HexFormat.of()
                .formatHex(GratuitousArp.frame(SUBNET.at(2).mac(), SUBNET.at(2))))
        .isEqualTo(
            "ffffffffffff5254007500020806"
                + "0001080006040001"
                + "5254007500020a750002"
                + "0000000000000a750002"
                + "00".repeat(18));
  }
}
