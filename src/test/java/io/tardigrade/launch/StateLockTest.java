package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever changes the same waits for each other, in one process too. */
class StateLockTest {
  @TempDir private Path folder;

  @Test
  void secondThreadOfAProcessWaitsAndIsTold() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    CountDownLatch got = new CountDownLatch(1);
    Thread second;
    try (StateLock _ = StateLock.take(folder.resolve("new"), "lab.lock", () -> {})) {
      second =
          Thread.ofPlatform()
              .start(() -> {
                try (StateLock _ =
                    StateLock.take(folder.resolve("new"), "lab.lock", waits::countDown)) {
                  got.countDown();
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      assertThat(waits.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(got.await(200, TimeUnit.MILLISECONDS)).isFalse();
      // Another file is another matter: no wait, no exception for a lock that overlaps.
      try (StateLock _ = StateLock.take(folder, "lock", waits::countDown)) {
        assertThat(got.getCount()).isEqualTo(1);
      }
    }
    assertThat(got.await(10, TimeUnit.SECONDS)).isTrue();
    second.join();
  }
}
