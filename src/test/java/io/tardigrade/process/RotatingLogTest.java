package io.tardigrade.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingLogTest {
  @TempDir Path dir;

  @Test
  void fullLogMakesRoomAndTheNewestLinesAreKept() throws IOException {
    Path file = dir.resolve("a.log");
    // Two processes write to one file, and either may find it full.
    List<PrintStream> writers =
        List.of(
            new PrintStream(new RotatingLog(file, 1000), true, StandardCharsets.UTF_8),
            new PrintStream(new RotatingLog(file, 1000), true, StandardCharsets.UTF_8));
    for (int i = 0; i < 500; i++) {
      writers.get(i % 2).println("line " + i);
      assertThat(Files.size(file)).isLessThanOrEqualTo(1000);
    }
    Path older = dir.resolve("a.log.1");
    List<String> kept = Files.readAllLines(older);
    kept.addAll(Files.readAllLines(file));
    assertThat(Files.size(older)).isBetween(900L, 1000L);
    for (int i = 0; i < kept.size(); i++) {
      assertThat(kept.get(i)).isEqualTo("line " + (500 - kept.size() + i));
    }
    try (var files = Files.list(dir)) {
      assertThat(files).hasSize(2);
    }
  }
}
