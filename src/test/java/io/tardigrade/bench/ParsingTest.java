package io.tardigrade.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ParsingTest {
  private static final String CSV =
      """
      "test","rps","avg_latency_ms","min_latency_ms"
      "SET","18223.50","1.234","0.1"
      """;

  @Test
  void theRateIsTakenFromTheLineOfItsTest() throws IOException {
    assertThat(RedisBenchmark.parse("SET", CSV)).isEqualTo(18223.5);
  }

  @Test
  void noRateIsAnErrorAndNotAZero() {
    for (String csv : List.of("", "\"SET\",\"0.00\"", "\"SET\",\"nan\"", "\"SET\",\"x\"", CSV)) {
      assertThatThrownBy(() -> RedisBenchmark.parse(csv.equals(CSV) ? "GET" : "SET", csv))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void brokenOutputIsAnError() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      StringBuilder text = new StringBuilder(CSV);
      for (int change = 0; change < 3; change++) {
        text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(128));
      }
      try {
        assertThat(RedisBenchmark.parse("SET", text.toString())).as("seed %d", seed).isPositive();
      } catch (IOException e) {
        assertThat(e).as("seed %d", seed).hasMessageStartingWith("redis-benchmark");
      }
    }
  }

  @Test
  void computingTimeIsFoundBehindAnyProgramName() throws IOException {
    String stat = "12 (a) b (c) S 1 12 12 0 -1 4194560 1 2 3 4 70 30 5 6 20 0 1 0 100";

    assertThat(ProcFile.ticks(stat)).isEqualTo(100);
    assertThatThrownBy(() -> ProcFile.ticks("12 (a) S")).isInstanceOf(IOException.class);
  }

  @Test
  void memoryIsToldInBytes() throws IOException {
    assertThat(ProcFile.kilobytes("VmRSS:\t  12 kB\nRssAnon:\t    7 kB\n", "RssAnon"))
        .isEqualTo(7 * 1024);
    assertThatThrownBy(() -> ProcFile.kilobytes("", "RssAnon")).isInstanceOf(IOException.class);
  }

  @Test
  void theTimeUntilRunningHoldsWhatPassedBeforeTheLossWasNoticed() {
    Instant killed = Instant.parse("2026-11-22T10:00:00Z");
    Incident incident =
        new Incident(
            "20261122-100000-kv-1",
            "kv",
            killed.plusMillis(7),
            "hypervisor-died",
            "",
            List.of(),
            List.of(),
            Map.of(),
            0.009,
            1,
            "recovered");

    assertThat(RecoveryTimes.secondsUntilRunning(killed, incident)).isEqualTo(0.016);
  }

  @Test
  void theLoadAverageIsTheFirstNumber() {
    assertThat(BenchHost.loadAverage("6.04 8.22 9.62 2/269 26390\n")).isEqualTo(6.04);
  }
}
