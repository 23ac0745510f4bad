package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PortForwardTest {
  @ParameterizedTest
  @CsvSource({
    "6379:6379,6379:6379/tcp",
    "8080:80/tcp,8080:80/tcp",
    "53:5353/udp,53:5353/udp",
    "127.0.0.1:1:65535,127.0.0.1:1:65535/tcp",
    "0.0.0.0:80:80,80:80/tcp"
  })
  void goodOnesAreUnderstood(String text, String canonical) {
    assertThat(PortForward.parse(text)).hasToString(canonical);
    assertThat(PortForward.parse(canonical)).isEqualTo(PortForward.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "80",
        "80:",
        ":80",
        "0:80",
        "80:65536",
        "80:80/sctp",
        "80:80/",
        "1.2.3:80:80",
        "1.2.3.256:80:80",
        "01.2.3.4:80:80",
        "[::1]:80:80",
        "a:b",
        "80:80:80:80",
        "-1:80",
        "80:80/tcp/udp",
        "999999999999:80",
        " 80:80",
        "80:80 ",
        "٨٠:80",
        "localhost:80:80"
      })
  void badOnesAreRefusedInOneLineThatQuotesThem(String text) {
    assertThatThrownBy(() -> PortForward.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining("expected [ADDRESS:]HOSTPORT:GUESTPORT")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void portsCollideAsBindingThemWould() {
    PortForward all = PortForward.parse("80:1");
    PortForward one = PortForward.parse("10.0.0.1:80:2");
    assertThat(all.collidesWith(one)).isTrue();
    assertThat(one.collidesWith(all)).isTrue();
    assertThat(one.collidesWith(PortForward.parse("10.0.0.2:80:2"))).isFalse();
    assertThat(all.collidesWith(PortForward.parse("80:1/udp"))).isFalse();
    assertThat(all.collidesWith(PortForward.parse("81:1"))).isFalse();
    assertThat(PortForward.parse("0.0.0.0:80:80").address()).isEqualTo(Optional.empty());
  }
}
