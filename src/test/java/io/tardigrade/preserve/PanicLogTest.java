package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PanicLogTest {
  @TempDir Path folder;

  @Test
  void whatTheKernelPanickedForIsTold() throws IOException {
    Path file = PanicLog.file(folder, "boot-1");
    Files.writeString(
        file,
        "[    1.0] all is well\n[   77.4] Kernel panic - not syncing: Fatal exception \n[   77.5] x\n");

    assertThat(PanicLog.of(folder, "boot-1")).contains(new PanicLog(file, "Fatal exception"));
    assertThat(PanicLog.of(folder, "boot-2")).isEmpty();
    assertThat(PanicLog.of(folder, "")).isEmpty();
  }

  @Test
  void logOfAnyBytesIsReadWithinBounds() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      byte[] bytes = new byte[random.nextInt(4000)];
      random.nextBytes(bytes);
      Files.write(PanicLog.file(folder, "any"), bytes);
      assertThat(PanicLog.of(folder, "any")).as("seed %d", seed).isPresent();
    }
    String line = "Kernel panic - not syncing: " + "x".repeat(5000);
    assertThat(PanicLog.reason(line)).hasSize(200);
    Files.write(PanicLog.file(folder, "large"), new byte[(1 << 20) + 1]);
    assertThat(PanicLog.of(folder, "large")).isEmpty();
  }

  @Test
  void onlyTheNewestAreKept() throws IOException {
    for (int i = 0; i < 2 * PanicLog.KEPT_MAX; i++) {
      Path file = Files.writeString(PanicLog.file(folder, "boot-" + i), "x");
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000L * (i + 1)));
    }
    Path other = Files.writeString(folder.resolve("1-host-1.json"), "{}");

    PanicLog.prune(folder);

    assertThat(other).exists();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).hasSize(PanicLog.KEPT_MAX);
    }
    assertThat(PanicLog.file(folder, "boot-15")).exists();
  }
}
