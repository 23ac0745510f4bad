package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCopyTest {
  private static final int PAGES = 200;
  private static final long RAM_BYTES = PAGES * 4096L;

  @TempDir Path temp;
  private final Random random = new Random(7);
  private Path from;
  private Path to;

  @BeforeEach
  void makeFolders() {
    from = temp.resolve("from");
    to = temp.resolve("to");
  }

  private void commit(CommittedImage image, long epoch, int pages) throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    for (int i = 0; i < pages; i++) {
      staging.add(random.nextInt(PAGES), 1).copyFrom(noise(4096));
    }
    staging.deviceState(noise(1000));
    staging.marks(noise(24));
    image.seal(staging);
    image.apply(staging);
  }

  private MemorySegment noise(int bytes) {
    byte[] noise = new byte[bytes];
    random.nextBytes(noise);
    return MemorySegment.ofArray(noise);
  }

  /** What is copied ahead is overtaken by commits, of pages copied already among others. */
  @Test
  void copyBegunWhileAGuardianWorksIsEqualInTheEnd() throws IOException {
    byte[] ram;
    byte[] device;
    byte[] marks;
    try (ImageCopy copy = copyOfAnImageThatGoesOn()) {
      try (CommittedImage source = CommittedImage.open(from)) {
        ram = Files.readAllBytes(source.ramFile());
        device = source.deviceState().toArray(ValueLayout.JAVA_BYTE);
        marks = source.marks();
      }
      assertThat(copy.finish()).isEqualTo(9);
    }
    try (CommittedImage found = CommittedImage.open(to)) {
      assertThat(found.committedEpoch()).isEqualTo(9);
      assertThat(Files.readAllBytes(found.ramFile())).isEqualTo(ram);
      assertThat(found.deviceState().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(device);
      assertThat(found.marks()).isEqualTo(marks);
      assertThat(found.firstDamagedPage(0, PAGES)).isEqualTo(-1);
      assertThat(EpochHint.newest(to)).isEqualTo(9);
      commit(found, 10, 5);
    }
    try (CommittedImage source = CommittedImage.open(from)) {
      assertThat(source.committedEpoch()).as("the one copied from").isEqualTo(9);
      assertThat(Files.readAllBytes(source.ramFile())).isEqualTo(ram);
    }
  }

  private ImageCopy copyOfAnImageThatGoesOn() throws IOException {
    try (CommittedImage source = CommittedImage.create(from, RAM_BYTES)) {
      commit(source, 3, 60);
      ImageCopy copy = ImageCopy.begin(from, to, RAM_BYTES);
      copy.copyAhead();
      commit(source, 4, 20);
      commit(source, 9, 20);
      return copy;
    }
  }

  @Test
  void damagedPageStaysOneThatIsFound() throws IOException {
    try (ImageCopy copy = copyOfAnImageThatGoesOn()) {
      try (CommittedImage source = CommittedImage.open(from)) {
        byte[] ram = Files.readAllBytes(source.ramFile());
        ram[5 * 4096 + 17] ^= 1;
        Files.write(source.ramFile(), ram);
      }
      assertThat(copy.finish()).isEqualTo(9);
    }
    try (CommittedImage found = CommittedImage.open(to)) {
      assertThat(found.firstDamagedPage(0, PAGES)).isEqualTo(5);
    }
  }

  @Test
  void copyThatIsNotFinishedCannotBeTakenForAGuest() throws IOException {
    copyOfAnImageThatGoesOn().close();

    try (CommittedImage found = CommittedImage.open(to)) {
      assertThat(found.isCold()).isTrue();
    }
  }

  @Test
  void guestThatWasNeverCommittedIsNotCopied() throws IOException {
    CommittedImage.create(from, RAM_BYTES).close();
    try (ImageCopy copy = ImageCopy.begin(from, to, RAM_BYTES)) {
      copy.copyAhead();
      assertThatThrownBy(copy::finish).hasMessageContaining("nothing in it can be resumed");
    }
  }

  @Test
  void imageThatIsInUseIsNotFinished() throws IOException {
    try (ImageCopy copy = copyOfAnImageThatGoesOn();
        CommittedImage _ = CommittedImage.open(from)) {
      assertThatThrownBy(copy::finish).hasMessageContaining("in use");
    }
  }
}
