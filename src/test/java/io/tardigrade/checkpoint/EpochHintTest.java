package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpochHintTest {
  @TempDir Path temp;

  private static void commit(CommittedImage image, long epoch) throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    staging.deviceState(MemorySegment.ofArray(new byte[10]));
    image.seal(staging);
    image.apply(staging);
  }

  @Test
  void newestSealedEpochIsSeenWhileAnotherProcessHasTheImage() throws IOException {
    Path dir = temp.resolve("kv");
    assertThat(EpochHint.newest(dir)).as("no image").isEqualTo(EpochHint.NONE);
    try (CommittedImage image = CommittedImage.create(dir, 16L * Geometry.PAGE_BYTES)) {
      assertThat(EpochHint.newest(dir)).as("nothing committed").isEqualTo(EpochHint.NONE);
      for (long epoch = 1; epoch <= 5; epoch++) {
        commit(image, epoch);
        assertThat(EpochHint.newest(dir)).isEqualTo(epoch);
      }
      Staging staging = Objects.requireNonNull(image.beginStaging(6));
      staging.deviceState(MemorySegment.ofArray(new byte[10]));
      assertThat(EpochHint.newest(dir)).as("staged, not sealed").isEqualTo(5);
    }
  }

  @Test
  void whatIsNoImageIsNoEpoch() throws IOException {
    Files.write(temp.resolve("redo-a"), new byte[100]);
    Files.write(temp.resolve("redo-b"), new byte[3]);
    assertThat(EpochHint.newest(temp)).isEqualTo(EpochHint.NONE);
  }
}
