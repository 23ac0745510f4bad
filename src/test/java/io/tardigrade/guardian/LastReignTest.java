package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a replicated guest has run on this host, noted on a disk that may not take it at once. */
class LastReignTest {
  private static final ReplicaSpec REPLICA = ReplicaSpec.of("kv", 7, 2, false);
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path folder;
  private final AtomicInteger tries = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private HostPaths paths;

  @BeforeEach
  void makeGuest() throws IOException {
    paths =
        new HostPaths(
            folder.resolve("state"), folder.resolve("run"), folder.resolve("images"), "abc123");
    Files.createDirectories(paths.guest("kv"));
  }

  private Thread note(long reign) {
    return Thread.startVirtualThread(() -> {
      try {
        new LastReign(REPLICA.id(), reign)
            .keepWriting(
                paths,
                "kv",
                () -> {
                  tries.incrementAndGet();
                  return over.get();
                },
                5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  /** Nothing can be put in its place. */
  private Path block() throws IOException {
    Path inTheWay = paths.guest("kv").resolve("reign.json");
    Files.createDirectories(inTheWay.resolve("full"));
    return inTheWay;
  }

  private long noted() throws IOException {
    return LastReign.of(paths, "kv", REPLICA);
  }

  @Test
  void reignIsNotedOfThisLifeOfTheGuestAlone() throws Exception {
    assertThat(noted()).isZero();
    assertThat(note(12).join(SOON)).isTrue();
    assertThat(noted()).isEqualTo(12);
    assertThat(LastReign.of(paths, "kv", ReplicaSpec.of("kv", 8, 2, false))).isZero();
  }

  @Test
  void diskThatDoesNotTakeTheNoteIsTriedUntilItDoes() throws Exception {
    Path inTheWay = block();
    Thread noting = note(12);
    await().atMost(SOON).until(() -> tries.get() > 3);
    Files.delete(inTheWay.resolve("full"));
    Files.delete(inTheWay);
    assertThat(noting.join(SOON)).isTrue();
    assertThat(noted()).isEqualTo(12);
  }

  @Test
  void reignThatIsOverIsNotNotedAnyMore() throws Exception {
    Path inTheWay = block();
    Thread noting = note(12);
    await().atMost(SOON).until(() -> tries.get() > 3);
    over.set(true);
    assertThat(noting.join(SOON)).isTrue();
    assertThat(inTheWay.resolve("full")).exists();
  }
}
