package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.SocketPair;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestClockTest {
  private static final long SECOND = 1_000_000_000;
  private static final Pattern SET =
      Pattern.compile("\\{\"execute\":\"guest-set-time\",\"arguments\":\\{\"time\":(\\d+)}}\n");

  @TempDir Path dir;
  private final GuestClock clock = new GuestClock();
  private SocketPair control;

  @BeforeEach
  void open() throws IOException {
    control = SocketPair.at(dir.resolve("control.sock"));
  }

  @AfterEach
  void close() {
    control.close();
  }

  private String told(long now) throws IOException {
    clock.tick(control.ours(), now);
    return control.heard();
  }

  private void answered() throws IOException {
    control.say("{\"return\":{}}\n");
    assertThat(clock.readAnswers(control.ours())).isTrue();
  }

  @Test
  void aSmallLagIsLeftUntilItHasAddedUp() throws IOException {
    for (int i = 0; i < 9; i++) {
      clock.stoodStill(GuestClock.LAG_NANOS_MAX / 10);
      assertThat(told(SECOND)).isEmpty();
    }
    clock.stoodStill(GuestClock.LAG_NANOS_MAX / 10);
    Matcher set = SET.matcher(told(SECOND));
    assertThat(set.matches()).isTrue();
    long seconds = Long.parseLong(set.group(1)) / SECOND;
    assertThat(seconds)
        .isBetween(Instant.now().getEpochSecond() - 60, Instant.now().getEpochSecond() + 1);
  }

  @Test
  void aGuestIsToldOnceASecondAtMost() throws IOException {
    clock.stoodStill(SECOND);
    assertThat(told(SECOND)).isNotEmpty();
    answered();
    clock.stoodStill(SECOND);
    assertThat(told(SECOND + SECOND / 2)).isEmpty();
    assertThat(told(2 * SECOND)).isNotEmpty();
  }

  @Test
  void anAgentThatDoesNotAnswerIsAskedAgainButNotFlooded() throws IOException {
    int asked = 0;
    for (long now = SECOND; now <= 60 * SECOND; now += SECOND / 10) {
      clock.stoodStill(SECOND / 100);
      asked += told(now).isEmpty() ? 0 : 1;
    }
    assertThat(asked).isBetween(2, 7);
  }

  @Test
  void aResumedGuestIsToldAtOnce() throws IOException {
    clock.stoodStill(SECOND);
    assertThat(told(SECOND)).isNotEmpty();
    clock.resumed();
    assertThat(told(SECOND + 1)).isNotEmpty();
  }

  @Test
  void anAgentThatReadsNothingHoldsUpNobodyAndIsToldLater() throws IOException {
    byte[] fill = new byte[4096];
    var memory = java.lang.foreign.Arena.ofAuto().allocate(fill.length);
    while (control.ours().writeNow(memory) > 0) {
      // Until the socket is full.
    }
    clock.stoodStill(SECOND);
    clock.tick(control.ours(), SECOND);
    assertThat(control.heard()).doesNotContain("guest-set-time");
    assertThat(told(SECOND + 1)).contains("guest-set-time");
  }

  @Test
  void aClosedChannelIsTold() throws IOException {
    assertThat(clock.readAnswers(control.ours())).isTrue();
    control.peer().close();
    assertThat(clock.readAnswers(control.ours())).isFalse();
  }
}
