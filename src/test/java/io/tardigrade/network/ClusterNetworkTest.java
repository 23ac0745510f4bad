package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterNetworkTest {
  private static final Subnet NETWORK = Subnet.parse("10.117.0.0/16");

  @TempDir Path folder;

  private static ClusterNetwork host(int number) {
    return new ClusterNetwork(NETWORK, number, Optional.of("eth1"));
  }

  private static NetworkState stateOf(int number) {
    return new NetworkState(
        1,
        "default",
        NETWORK.toString(),
        host(number).pool().toString(),
        AddressPool.INDEX_FIRST,
        "",
        Map.of());
  }

  @Test
  void noTwoHostsGiveTheSameAddressAndNoneThatOfTheGateway() {
    Set<Ipv4> all = new HashSet<>();
    for (int number = 1; number <= 254; number++) {
      NetworkState state = stateOf(number).with("a").with("b");
      for (NetworkState.Guest guest : state.guests().values()) {
        Ipv4 address = Ipv4.parse(guest.address());
        assertThat(host(number).isGuests(address)).isTrue();
        assertThat(all.add(address)).as("%s", address).isTrue();
      }
    }
    assertThat(all).doesNotContain(NETWORK.gateway());
    assertThat(stateOf(3).with("a").guests().get("a").address()).isEqualTo("10.117.3.2");
    assertThat(host(7).isGuests(NETWORK.gateway())).isFalse();
    assertThat(host(7).isGuests(Ipv4.parse("10.117.255.254"))).isFalse();
    assertThat(host(7).isGuests(Ipv4.parse("10.117.7.255"))).isFalse();
    assertThat(host(7).isGuests(Ipv4.parse("10.118.7.7"))).isFalse();
  }

  @Test
  void guestOfAnotherHostKeepsItsAddressAndTakesNoneOfOurs() throws IOException {
    Ipv4 theirs = Ipv4.parse("10.117.1.2");
    NetworkState state = stateOf(3).with("own").adopting("kv", theirs);
    assertThat(state.adopting("kv", theirs)).isEqualTo(state);
    assertThat(state.with("more").guests().get("more").address()).isEqualTo("10.117.3.3");
    Path file = folder.resolve("network.json");
    state.save(file);
    assertThat(NetworkState.load(file)).contains(state);
    assertThatThrownBy(() -> state.adopting("kv", theirs.plus(1))).hasMessageContaining("kv");
    assertThatThrownBy(() -> state.adopting("web", theirs))
        .hasMessageContaining("guest 'kv' has 10.117.1.2");
    Files.writeString(file, Files.readString(file).replace("10.117.1.2", "10.9.1.2"));
    assertThatThrownBy(() -> NetworkState.load(file)).hasMessageContaining("10.9.1.2");
  }

  @Test
  void addressThatAGuestElsewhereStillHasIsNotGivenAgain() {
    NetworkState state = stateOf(3).with("a", address -> address.lastByte() < 9);
    assertThat(state.guests().get("a").address()).isEqualTo("10.117.3.9");
    assertThatThrownBy(() -> state.with("b", address -> true))
        .hasMessageContaining("all 253 addresses of 10.117.3.0/24");
  }

  @Test
  void devicesOfGuestsFromSeveralHostsHaveNamesOfTheirOwn() {
    Installation installation = new Installation("site-b");
    Set<String> names = new HashSet<>();
    for (String address : List.of("10.117.1.2", "10.117.2.2", "10.117.12.2", "10.117.1.22")) {
      names.add(installation.wideTap(Ipv4.parse(address)));
    }
    names.add(installation.wideTap(Ipv4.parse("10.117.254.254")));
    assertThat(names)
        .hasSize(5)
        .allMatch(n -> n.length() <= Tap.NAME_CHARS_MAX && n.startsWith(installation.tapPrefix()));
  }

  @Test
  void whatIsNoNetworkOfAClusterIsRefused() {
    Optional<String> none = Optional.empty();
    assertThatThrownBy(() -> new ClusterNetwork(Subnet.parse("10.117.0.0/24"), 1, none))
        .hasMessageContaining("10.117.0.0/24");
    for (int number : new int[] {-1, 0, 255}) {
      assertThatThrownBy(() -> new ClusterNetwork(NETWORK, number, none))
          .hasMessageContaining("" + number);
    }
    // The name goes into the firewall's language.
    assertThatThrownBy(() -> new ClusterNetwork(NETWORK, 1, Optional.of("eth1\" drop; \"")))
        .hasMessageContaining("eth1");
  }
}
