package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A cluster of three hosts with their agents, a real guest, and a client outside. */
@Tag("long")
@Timeout(600)
class FailoverDemoTest {
  private TestHost host;

  @BeforeEach
  void begin() throws Exception {
    host = TestHost.create();
  }

  @AfterEach
  void end() throws Exception {
    host.close();
  }

  @Test
  void guestGoesOnWhileThePowerOfItsHostIsCutAgainAndAgain() {
    TestHost.Result demo = host.cli("demo", "failover");
    assertThat(demo.code()).as("%s%s", demo.err(), demo.out()).isZero();
    assertThat(demo.out())
        .contains("h1 lost its power")
        .contains(" 0 missing, 0 repeated, 1 connection");
    System.out.println(demo.out());
    assertThat(host.cli("lab", "list", "-o", "name").out()).isBlank();
  }
}
