package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlotSizingTest {
  @Test
  void singleHugeEpochIsGivenBackAtOnce() {
    SlotSizing sizing = new SlotSizing(1000);
    assertThat(sizing.keepAfter(10)).isEqualTo(1000);
    assertThat(sizing.keepAfter(1_000_000)).isEqualTo(1000);
    assertThat(sizing.keepAfter(20)).isEqualTo(1000);
  }

  @Test
  void steadyLoadKeepsItsSpaceUntilItEnds() {
    SlotSizing sizing = new SlotSizing(1000);
    sizing.keepAfter(5000);
    assertThat(sizing.keepAfter(4000)).isEqualTo(4000);
    for (int i = 0; i < 6; i++) {
      assertThat(sizing.keepAfter(1)).isEqualTo(4000);
    }
    assertThat(sizing.keepAfter(1)).isEqualTo(1000);
  }
}
