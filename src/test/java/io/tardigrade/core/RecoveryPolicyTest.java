package io.tardigrade.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.core.RecoveryPolicy.Attempts;
import io.tardigrade.core.RecoveryPolicy.Decision;
import org.junit.jupiter.api.Test;

class RecoveryPolicyTest {
  @Test
  void recoveriesFromOneEpochAreBounded() {
    Attempts attempts = Attempts.NONE;
    int resumed = 0;
    while (true) {
      attempts = attempts.next(7);
      if (RecoveryPolicy.decide(attempts, true) == Decision.GIVE_UP) {
        break;
      }
      resumed++;
      assertThat(resumed).isLessThan(1000);
    }
    assertThat(resumed).isEqualTo(RecoveryPolicy.ATTEMPTS_MAX);
  }

  @Test
  void aNewEpochBeginsToCountAnew() {
    Attempts attempts = Attempts.NONE;
    for (long epoch = 0; epoch < 1000; epoch++) {
      attempts = attempts.next(epoch);
      assertThat(attempts).isEqualTo(new Attempts(epoch, 1));
      assertThat(RecoveryPolicy.decide(attempts, true)).isEqualTo(Decision.RESUME);
    }
  }

  @Test
  void withoutAnEpochThatHoldsItIsBootedAndThatIsBoundedToo() {
    assertThat(RecoveryPolicy.decide(new Attempts(0, 1), false)).isEqualTo(Decision.BOOT);
    assertThat(RecoveryPolicy.decide(new Attempts(0, RecoveryPolicy.ATTEMPTS_MAX + 1), false))
        .isEqualTo(Decision.GIVE_UP);
  }
}
