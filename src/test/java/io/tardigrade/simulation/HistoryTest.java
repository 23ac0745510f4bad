package io.tardigrade.simulation;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private History history;

  @BeforeEach
  void begin() {
    history = new History();
  }

  /** A request that was asked and answered at these times. */
  private void operation(long stored, long asked, long returned, long answered) {
    history.answered(history.asked(0, stored, asked), returned, answered);
  }

  @Test
  void whatCanHaveHappenedIsAccepted() {
    operation(1, 0, 0, 10);
    operation(3, 5, 2, 30);
    operation(2, 5, 1, 20);
    operation(0, 12, 1, 40);
    operation(0, 35, 3, 40);
    assertThatCode(history::check).doesNotThrowAnyException();
  }

  @Test
  void lostUpdateIsNoticedAtOnce() {
    operation(1, 0, 0, 10);
    History.Operation second = history.asked(1, 2, 20);
    assertThatThrownBy(() -> history.answered(second, 0, 30))
        .isInstanceOf(ViolationException.class)
        .hasMessageContaining("lost");
  }

  @Test
  void forgottenWriteIsNoticed() {
    operation(1, 0, 0, 10);
    operation(3, 20, 2, 30);
    assertThatThrownBy(history::check).isInstanceOf(ViolationException.class);
  }

  @Test
  void staleReadIsNoticed() {
    operation(1, 0, 0, 10);
    operation(0, 20, 0, 30);
    assertThatThrownBy(history::check)
        .isInstanceOf(ViolationException.class)
        .hasMessageContaining("before");
  }

  @Test
  void readOfWhatNobodyStoredIsNoticed() {
    operation(1, 0, 0, 10);
    operation(0, 20, 7, 30);
    assertThatThrownBy(history::check).isInstanceOf(ViolationException.class);
  }

  @Test
  void unansweredRequestIsNoticed() {
    history.asked(0, 1, 0);
    assertThatThrownBy(history::check).hasMessageContaining("never answered");
  }
}
