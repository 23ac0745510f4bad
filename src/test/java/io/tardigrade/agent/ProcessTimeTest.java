package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessTimeTest {
  @Test
  void timeIsReadPastAnyName() {
    assertThat(
            ProcessTime.parse(
                "42 (a) b (c d) S 1 42 42 0 -1 4194560 1 2 3 4 17 5 6 7 20 0 1 0 100 1 2 3"))
        .isEqualTo(220);
  }

  @Test
  void timeOfThisProcessGrowsAndOfNoneIsZero() {
    long before = ProcessTime.millisOf(ProcessHandle.current().pid());
    long until = System.nanoTime() + 100_000_000;
    while (System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
    assertThat(ProcessTime.millisOf(ProcessHandle.current().pid())).isGreaterThan(before);
    assertThat(ProcessTime.millisOf(999_999_999)).isZero();
  }
}
