package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.UsageException;
import io.tardigrade.network.Subnet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostAddressingTest {
  @Test
  void routedNetworkIsTakenFromTheEnvironment() {
    assertThat(HostAddressing.routed(Map.of())).isEmpty();
    assertThat(HostAddressing.routed(Map.of("TARDIGRADE_SUBNET", " "))).isEmpty();
    assertThat(HostAddressing.routed(Map.of("TARDIGRADE_SUBNET", "10.117.7.0/24")))
        .contains(Subnet.parse("10.117.7.0/24"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.117.7.0", "10.117.0.0/16", "10.117.7.1/24", "guests", "::/24"})
  void whatIsNoNetworkForGuestsIsRefused(String given) {
    assertThatThrownBy(() -> HostAddressing.routed(Map.of("TARDIGRADE_SUBNET", given)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(given)
        .hasMessageContaining("10.117.7.0/24");
  }
}
