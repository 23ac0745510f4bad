package io.tardigrade.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HangDetectorTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long SILENCE_MAX = 2 * SECOND + HangDetector.SILENCE_NANOS_EXTRA;

  private final HangDetector detector = new HangDetector(2 * SECOND, 0);

  @Test
  void guardianThatAnswersDoesNotHangHoweverLateItAnswers() {
    Random random = new Random(7);
    long now = 0;
    for (int i = 0; i < 10_000; i++) {
      now += random.nextLong(100 * SECOND);
      detector.answered(now, random.nextLong(SECOND));
      assertThat(detector.hangs(now)).isFalse();
    }
  }

  @Test
  void silentGuardianHangsOnceItsTimeIsOver() {
    detector.answered(10 * SECOND, 0);
    detector.unanswered();
    detector.unanswered();
    assertThat(detector.hangs(10 * SECOND + SILENCE_MAX)).isFalse();
    assertThat(detector.hangs(10 * SECOND + SILENCE_MAX + 1)).isTrue();
    assertThat(detector.lastAnswerNanos()).isEqualTo(10 * SECOND);
  }

  @Test
  void oneUnansweredQuestionIsNoHangHoweverLongTheAskerStoodStill() {
    detector.answered(10 * SECOND, 0);
    detector.unanswered();
    assertThat(detector.hangs(1_000_000 * SECOND)).isFalse();
    detector.answered(1_000_000 * SECOND, 0);
    detector.unanswered();
    assertThat(detector.hangs(2_000_000 * SECOND)).isFalse();
  }

  @Test
  void guardianThatStartsHasMoreTime() {
    detector.unanswered();
    detector.unanswered();
    assertThat(detector.hangs(HangDetector.START_NANOS_MAX)).isFalse();
    assertThat(detector.hangs(HangDetector.START_NANOS_MAX + SILENCE_MAX + 1)).isTrue();
  }

  @Test
  void guardianWhoseMainThreadIsStuckHangsAlthoughItAnswers() {
    detector.answered(SECOND, SILENCE_MAX + HangDetector.TURN_NANOS_MAX);
    assertThat(detector.hangs(SECOND)).isFalse();
    detector.answered(2 * SECOND, SILENCE_MAX + HangDetector.TURN_NANOS_MAX + 1);
    assertThat(detector.hangs(2 * SECOND)).isTrue();
    detector.answered(3 * SECOND, 0);
    assertThat(detector.hangs(3 * SECOND)).isFalse();
  }
}
