package io.tardigrade.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.core.CheckpointPacer.Sight;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Times are nanoseconds; the guest and its clock are modelled. */
class CheckpointPacerTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1000 * MILLI;
  private static final long INTERVAL = 100 * MILLI;
  private static final long HANG_TIMEOUT = 2 * SECOND;

  private static CheckpointPacer committed(long now) {
    CheckpointPacer pacer = new CheckpointPacer(INTERVAL, HANG_TIMEOUT, false, now);
    pacer.restarted(now, true);
    return pacer;
  }

  private static Sight quiet(long now, long computed) {
    return new Sight(now, 0, Long.MAX_VALUE, false, computed, false);
  }

  private static Sight waiting(long now, long frames, long oldest, boolean asleep) {
    return new Sight(now, frames, oldest, asleep, 0, false);
  }

  @Test
  void loneFrameOfASleepingGuestPaysNoGap() {
    CheckpointPacer pacer = committed(0);
    for (long now = MILLI; now < SECOND; now += MILLI) {
      assertThat(pacer.nanosUntilCheckpoint(waiting(now, 1, now, true))).isZero();
      pacer.finished(now, now + 200_000, 1, true);
    }
  }

  @Test
  void loneFrameOfAComputingGuestPaysNoGapWhileItsShareLasts() {
    CheckpointPacer pacer = committed(0);
    assertThat(pacer.nanosUntilCheckpoint(waiting(SECOND / 2, 1, SECOND / 2, false))).isZero();
  }

  @Test
  void manyFramesShareACheckpoint() {
    CheckpointPacer pacer = committed(0);
    long now = 0;
    for (int i = 0; i < 30; i++) {
      pacer.finished(now, now + MILLI, 40, false);
      now += 20 * MILLI;
    }
    assertThat(pacer.nanosUntilCheckpoint(waiting(now, 3, now, false))).isPositive();
    assertThat(pacer.nanosUntilCheckpoint(waiting(now, 3, now, true))).isZero();
  }

  @Test
  void idleGuestIsLeftAloneUntilTheHeartbeat() {
    CheckpointPacer pacer = committed(0);
    long wait = pacer.nanosUntilCheckpoint(quiet(0, 0));
    assertThat(wait).isPositive();
    assertThat(pacer.nanosUntilCheckpoint(quiet(900 * MILLI, MILLI))).isPositive();
    assertThat(pacer.nanosUntilCheckpoint(quiet(CheckpointPacer.HEARTBEAT_NANOS, MILLI))).isZero();
  }

  @Test
  void idleGuestWhoseHypervisorMayBeSilentForLongIsLeftAloneForHalfOfThat() {
    CheckpointPacer pacer = new CheckpointPacer(INTERVAL, 60 * SECOND, false, 0);
    pacer.restarted(0, true);
    assertThat(pacer.nanosUntilCheckpoint(quiet(29 * SECOND, MILLI))).isPositive();
    assertThat(pacer.nanosUntilCheckpoint(quiet(30 * SECOND, MILLI))).isZero();
    assertThat(pacer.nanosUntilCheckpoint(quiet(SECOND, INTERVAL))).as("computed").isZero();
    assertThat(pacer.nanosUntilCheckpoint(waiting(SECOND, 1, SECOND, true))).as("output").isZero();
  }

  @Test
  void computingGuestIsCheckpointedOnceItsIntervalIsComputed() {
    CheckpointPacer pacer = committed(0);
    assertThat(pacer.nanosUntilCheckpoint(quiet(50 * MILLI, 50 * MILLI)))
        .isPositive()
        .isLessThanOrEqualTo(50 * MILLI);
    assertThat(pacer.nanosUntilCheckpoint(quiet(100 * MILLI, INTERVAL))).isZero();
  }

  @Test
  void urgentOutputWaitsForNothing() {
    CheckpointPacer pacer = new CheckpointPacer(INTERVAL, HANG_TIMEOUT, false, 0);
    assertThat(pacer.nanosUntilCheckpoint(new Sight(1, 0, Long.MAX_VALUE, false, 0, true)))
        .isZero();
  }

  @Test
  void bootIsNotDisturbedUntilThereIsOutput() {
    CheckpointPacer pacer = new CheckpointPacer(INTERVAL, HANG_TIMEOUT, false, 0);
    assertThat(pacer.nanosUntilCheckpoint(quiet(5 * SECOND, 5 * SECOND))).isPositive();
    assertThat(pacer.nanosUntilCheckpoint(waiting(5 * SECOND, 1, 5 * SECOND, true))).isZero();
    assertThat(
            pacer.nanosUntilCheckpoint(
                quiet(CheckpointPacer.BOOT_NANOS_MAX, CheckpointPacer.BOOT_NANOS_MAX)))
        .isZero();
  }

  @Test
  void fixedTimerLooksAtTheClockAlone() {
    CheckpointPacer pacer = new CheckpointPacer(25 * MILLI, HANG_TIMEOUT, true, 0);
    assertThat(pacer.nanosUntilCheckpoint(waiting(MILLI, 50, 0, true))).isEqualTo(24 * MILLI);
    assertThat(pacer.nanosUntilCheckpoint(new Sight(MILLI, 0, 0, false, SECOND, true)))
        .isEqualTo(24 * MILLI);
    assertThat(pacer.nanosUntilCheckpoint(quiet(25 * MILLI, 0))).isZero();
    pacer.finished(25 * MILLI, 27 * MILLI, 5, false);
    assertThat(pacer.nanosUntilCheckpoint(quiet(27 * MILLI, 0))).isEqualTo(23 * MILLI);
  }

  /** A guest of random habits under the pacer, looked at when it asks to be and at random. */
  private static final class History {
    final Random random;
    final CheckpointPacer pacer;
    long now;
    long frames;
    long oldest = Long.MAX_VALUE;
    long computed;
    long lastStart;
    long loneStops;
    boolean asleep;

    History(long seed) {
      random = new Random(seed);
      now = random.nextLong(SECOND);
      lastStart = now;
      pacer = committed(now);
    }

    void frame() {
      frames++;
      oldest = Math.min(oldest, now);
    }

    void pass(long nanos) {
      now += nanos;
      computed += asleep ? 0 : nanos;
    }

    void checkpoint(long pause) {
      boolean lone = frames > 0 && !asleep && now - oldest < CheckpointPacer.GAP_NANOS_MAX;
      long start = now;
      now += pause;
      pacer.finished(start, now, frames, asleep);
      loneStops += lone ? pause : 0;
      lastStart = start;
      frames = 0;
      oldest = Long.MAX_VALUE;
      computed = 0;
    }
  }

  @Test
  void boundsHoldOverRandomHistories() {
    for (long seed = 0; seed < 40; seed++) {
      History guest = new History(seed);
      long from = guest.now;
      long pauseMax = 0;
      // Frames per millisecond differ by orders of magnitude between histories.
      double rate = Math.pow(10, guest.random.nextInt(4) - 2);
      double sleepiness = guest.random.nextInt(3) / 2.0;
      for (int i = 0; i < 4000; i++) {
        guest.asleep = guest.random.nextDouble() < sleepiness;
        Sight sight =
            new Sight(guest.now, guest.frames, guest.oldest, guest.asleep, guest.computed, false);
        long wait = guest.pacer.nanosUntilCheckpoint(sight);
        String where = "seed " + seed + " step " + i;
        if (wait == 0) {
          long pause = 200_000 + guest.random.nextLong(5 * MILLI);
          pauseMax = Math.max(pauseMax, pause);
          guest.checkpoint(pause);
        } else {
          assertThat(guest.now - guest.lastStart)
              .as(where + ": heartbeat")
              .isLessThan(CheckpointPacer.HEARTBEAT_NANOS + CheckpointPacer.LOOK_NANOS);
          assertThat(guest.computed).as(where + ": computing").isLessThan(INTERVAL);
          if (guest.frames > 0) {
            long waited = guest.now - Math.max(guest.oldest, guest.lastStart);
            assertThat(waited)
                .as(where + ": output starves")
                .isLessThan(CheckpointPacer.GAP_NANOS_SPENT + pauseMax);
            assertThat(guest.asleep).as(where + ": asleep and made to wait").isFalse();
          }
          long next = 1 + (long) (-Math.log(1 - guest.random.nextDouble()) / rate * MILLI);
          guest.pass(Math.min(next, wait));
          if (next <= wait) {
            guest.frame();
          }
        }
        double allowed = CheckpointPacer.BUSY_SHARE * (guest.now - from) + 10 * MILLI + pauseMax;
        assertThat((double) guest.loneStops)
            .as(where + ": busy share")
            .isLessThanOrEqualTo(allowed);
      }
    }
  }
}
