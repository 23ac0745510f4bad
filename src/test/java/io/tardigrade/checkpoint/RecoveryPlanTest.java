package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.checkpoint.RedoRecord.Header;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecoveryPlanTest {
  private static Header record(long epoch, long base, long incarnation) {
    return new Header(epoch, base, incarnation, 1, 1, 0);
  }

  @Test
  void sealedRecordsAreAppliedInTheOrderOfTheirEpochs() throws ImageException {
    RecoveryPlan plan = RecoveryPlan.of(1, 0, 3, List.of(record(7, 5, 1), record(5, 3, 1)));
    assertThat(plan.toApply()).extracting(Header::epoch).containsExactly(5L, 7L);
    assertThat(plan.committedEpoch()).isEqualTo(7);
  }

  @Test
  void appliedRecordStillGivesTheDeviceState() throws ImageException {
    RecoveryPlan plan = RecoveryPlan.of(1, 0, 5, List.of(record(5, 3, 1), record(3, 2, 1)));
    assertThat(plan.toApply()).isEmpty();
    assertThat(plan.committed()).isEqualTo(record(5, 3, 1));
  }

  @Test
  void recordsFromBeforeAResetAreGivenUp() throws ImageException {
    RecoveryPlan plan = RecoveryPlan.of(2, 6, 3, List.of(record(5, 3, 1), record(3, 2, 1)));
    assertThat(plan.toApply()).isEmpty();
    assertThat(plan.committed()).isNull();
    assertThat(plan.committedEpoch()).isEqualTo(6);
  }

  @Test
  void recordWhosePredecessorIsMissingIsRefused() {
    assertThatThrownBy(() -> RecoveryPlan.of(1, 0, 3, List.of(record(7, 5, 1))))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("epoch 7 follows 5, not 3");
    assertThatThrownBy(() -> RecoveryPlan.of(1, 0, 3, List.of(record(5, 3, 1), record(5, 3, 1))))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void appliedEpochWithoutItsDeviceStateIsRefused() {
    assertThatThrownBy(() -> RecoveryPlan.of(1, 0, 3, List.of()))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("no device state of epoch 3");
    assertThatThrownBy(() -> RecoveryPlan.of(1, 0, 3, List.of(record(2, 1, 1))))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void recordOfALaterIncarnationIsRefused() {
    assertThatThrownBy(() -> RecoveryPlan.of(1, 0, 3, List.of(record(5, 3, 2))))
        .isInstanceOf(ImageException.class);
  }
}
