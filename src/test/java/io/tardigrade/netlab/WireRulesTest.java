package io.tardigrade.netlab;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import io.tardigrade.netlab.LabState.Quality;
import io.tardigrade.netlab.LabState.Way;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WireRulesTest {
  private static final Way THERE = new Way("h1", "h2");
  private final LabState fresh =
      LabState.fresh(3, "10.9.0.0/24", "10.117.0.0/16", Instant.parse("2026-01-01T00:00:00Z"));

  @Test
  void cutStopsOneWayOnlyAndNotTheLookUpThatTheWayBackNeeds() {
    assertThat(WireRules.table(fresh.withCut(THERE)).lines().map(String::strip))
        .containsSubsequence("chain c1 {", "ip daddr 10.9.0.2 drop", "}", "chain c2 {")
        .doesNotContain("ip daddr 10.9.0.1 drop")
        .noneMatch(line -> line.contains("arp"));
  }

  @Test
  void lossComesBeforeDelayAndCutBeforeBoth() {
    LabState slow = fresh.withLink(new Quality(THERE, 5_000_000, 10_000, 0));
    assertThat(WireRules.table(slow).lines().map(String::strip))
        .containsSubsequence(
            "ip daddr 10.9.0.2 numgen random mod 1000000 < 10000 drop",
            "ip daddr 10.9.0.2 fwd to \"d12\"");
    assertThat(WireRules.delayLines(slow))
        .containsExactly(new WireRules.DelayLine(1, 2, 5_000_000));
    assertThat(WireRules.table(slow.withCut(THERE))).doesNotContain("numgen").doesNotContain("fwd");
  }

  @Test
  void rateOfAWayIsLimitedWhereItEndsByWhereItBegan() {
    LabState narrow = fresh.withLink(new Quality(THERE, 0, 0, 1_000_000_000));
    assertThat(WireRules.rates(narrow, "h2"))
        .hasSize(3)
        .anyMatch(c -> c.contains("dev c2") && c.contains("rate 1000000000bit"))
        .anyMatch(c -> c.contains("match ip src 10.9.0.1/32 flowid 1:1"));
    assertThat(WireRules.rates(narrow, "h1")).isEmpty();
  }

  @Test
  void hostWithoutPowerHasNoPort() {
    assertThat(WireRules.table(fresh.withOff("h2", true)))
        .contains("c1", "c3")
        .doesNotContain("c2");
  }

  @Test
  void linkAsGoodAsCanBeIsForgottenAndHealingForgetsAll() throws Exception {
    Quality slow = new Quality(THERE, 1, 0, 0);
    LabState state = fresh.withLink(slow).withLink(slow);
    assertThat(state.links()).containsExactly(slow);
    assertThat(state.withLink(new Quality(THERE, 0, 0, 0)).links()).isEmpty();
    LabState worn = state.withCut(THERE).withIsolated("h3").withOff("h1", true);
    LabState healed = worn.healed();
    assertThat(WireRules.table(healed)).doesNotContain("drop").doesNotContain("fwd");
    assertThat(healed.isOff("h1")).isTrue();
    assertThat(healed.isConnected("h3")).isTrue();
    assertThat(Json.parse("state", Json.line(worn), LabState.class)).isEqualTo(worn);
  }
}
