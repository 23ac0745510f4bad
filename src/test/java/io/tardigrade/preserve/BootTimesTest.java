package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BootTimesTest {
  @Test
  void firstProcessIsFoundInTheKernelsLog() throws IOException {
    BootTimes times =
        BootTimes.of(
            "[    0.000000] Linux version 6.1\n[    1.250000] Run /init as init process\n");

    assertThat(times.init()).isNotNull();
    assertThat(Duration.between(times.kernel(), times.init())).isEqualTo(Duration.ofMillis(1250));
  }

  @Test
  void logThatHasForgottenItsBeginningTellsNothing() throws IOException {
    assertThat(BootTimes.of("[  901.250000] eth0: link up\n").init()).isNull();
  }

  @Test
  void processWithAnyNameHasItsStartTold() throws IOException {
    assertThat(
            BootTimes.startSeconds(
                "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 3 4 0 0 20 0 1 0 12345 6 7 8"))
        .isEqualTo(123.45);
    assertThatThrownBy(() -> BootTimes.startSeconds("7 (a) S 1")).isInstanceOf(IOException.class);
  }

  @Test
  void thisProcessBeganBeforeNow() throws IOException {
    Instant started = BootTimes.of(ProcessHandle.current().pid());

    assertThat(started).isBetween(BootId.startedAt().minusSeconds(1), Instant.now());
  }
}
