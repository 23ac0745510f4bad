package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.CycleCounter;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ClockMarkTest {
  private static final Duration PRECISION = Duration.ofMillis(25);

  private static final Instant SEALED = Instant.parse("2026-11-23T04:00:00.300Z");
  private static final long PER_SECOND = 2_000_000_000L;
  private static final ClockMark MARK = new ClockMark(SEALED, 90 * PER_SECOND, PER_SECOND);

  @Test
  void clockThatTheNextKernelSetBackIsFoundOutByTheCounter() {
    // Seven seconds passed; the next kernel began after five of them and is 0.8 s behind.
    Instant now = SEALED.plusMillis(7000 - 800);

    assertThat(MARK.setForwardUntil(now, 97 * PER_SECOND, now.minusSeconds(2)))
        .isEqualTo(Duration.ofMillis(-800));
  }

  @Test
  void counterThatBeganAnewTellsNothing() {
    Instant now = SEALED.plusSeconds(7);

    assertThat(MARK.setForwardUntil(now, 2 * PER_SECOND, now.minusSeconds(2))).isZero();
    // Having begun anew, it has passed the old count: the kernel runs longer than it says.
    assertThat(MARK.setForwardUntil(now, 91 * PER_SECOND, now.minusSeconds(2))).isZero();
  }

  @Test
  void withoutACounterNothingIsTold() {
    ClockMark none = new ClockMark(SEALED, 0, 0);

    assertThat(none.setForwardUntil(SEALED.plusSeconds(9), 5, SEALED.plusSeconds(7))).isZero();
  }

  @Test
  void counterOfThisProcessorKeepsThePaceThatIsMeasured() throws InterruptedException {
    Duration least = Duration.ofDays(1);
    // Whoever else is at work may come between the readings of the two clocks, not every time.
    for (int i = 0; i < 20 && least.compareTo(PRECISION) >= 0; i++) {
      ClockMark.Reading begun = ClockMark.Reading.now();
      Thread.sleep(30);
      ClockMark mark = ClockMark.since(begun);
      Thread.sleep(30);

      assertThat(mark.perSecond()).isGreaterThan(100_000_000L);
      Duration off =
          mark.setForwardUntil(
              Instant.now(), CycleCounter.read(), Instant.now().minus(Duration.ofMillis(1)));
      least = off.abs().compareTo(least) < 0 ? off.abs() : least;
    }
    assertThat(least).isLessThan(PRECISION);
  }
}
