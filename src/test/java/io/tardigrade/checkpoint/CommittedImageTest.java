package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images on a real file system. */
class CommittedImageTest {
  private static final int PAGE = Geometry.PAGE_BYTES;

  @TempDir Path temp;

  private static MemorySegment filled(int bytes, int value) {
    byte[] content = new byte[bytes];
    Arrays.fill(content, (byte) value);
    return MemorySegment.ofArray(content);
  }

  private static Staging begin(CommittedImage image, long epoch) {
    return Objects.requireNonNull(image.beginStaging(epoch));
  }

  private static void commit(CommittedImage image, long epoch, long page, int value)
      throws IOException {
    Staging staging = begin(image, epoch);
    staging.reserve(1);
    staging.add(page, 1).copyFrom(filled(PAGE, value));
    staging.deviceState(filled(1000, value));
    staging.marks(filled(8, value));
    image.seal(staging);
    image.apply(staging);
  }

  private static byte[] page(CommittedImage image, int page) throws IOException {
    byte[] ram = Files.readAllBytes(image.ramFile());
    return Arrays.copyOfRange(ram, page * PAGE, (page + 1) * PAGE);
  }

  private static byte[] bytes(int count, int value) {
    return filled(count, value).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void newImageIsColdAndAllZeros() throws IOException {
    try (CommittedImage image = CommittedImage.create(temp.resolve("kv"), 16L * PAGE)) {
      assertThat(image.isCold()).isTrue();
      assertThat(image.committedEpoch()).isZero();
      assertThat(image.deviceState().byteSize()).isZero();
      assertThat(image.marks()).isEmpty();
      assertThat(Files.readAllBytes(image.ramFile())).isEqualTo(new byte[16 * PAGE]);
      assertThat(image.firstDamagedPage(0, 16)).isEqualTo(-1);
    }
  }

  @Test
  void committedEpochIsThereAfterReopening() throws IOException {
    Path dir = temp.resolve("kv");
    try (CommittedImage image = CommittedImage.create(dir, 16L * PAGE)) {
      commit(image, 1, 3, 7);
      commit(image, 5, 4, 8);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(5);
      assertThat(image.isCold()).isFalse();
      assertThat(page(image, 3)).isEqualTo(bytes(PAGE, 7));
      assertThat(page(image, 4)).isEqualTo(bytes(PAGE, 8));
      assertThat(image.deviceState().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes(1000, 8));
      assertThat(image.marks()).isEqualTo(bytes(8, 8));
      assertThat(image.firstDamagedPage(0, 16)).isEqualTo(-1);
    }
  }

  @Test
  void nextCheckpointIsStagedWhileTheLastIsApplied() throws IOException, InterruptedException {
    try (CommittedImage image = CommittedImage.create(temp.resolve("kv"), 16L * PAGE)) {
      Staging one = begin(image, 1);
      one.deviceState(filled(1, 1));
      image.seal(one);
      Staging two = begin(image, 2);
      two.deviceState(filled(1, 2));
      image.seal(two);
      assertThat(image.beginStaging(3)).as("neither is applied").isNull();
      assertThat(image.awaitSlot(1_000)).isFalse();
      assertThatThrownBy(() -> image.apply(two)).isInstanceOf(IllegalStateException.class);
      image.apply(one);
      assertThat(image.awaitSlot(1_000)).isTrue();
      Staging three = begin(image, 3);
      image.apply(two);
      three.abandon();
      assertThatThrownBy(() -> three.add(0, 1)).isInstanceOf(IllegalStateException.class);
      commit(image, 3, 0, 3);
      assertThat(image.committedEpoch()).isEqualTo(3);
    }
  }

  @Test
  void hugeEpochGivesItsSpaceBackAndItsDeviceStateStays() throws IOException {
    long ram = 64L << 20;
    Path dir = temp.resolve("kv");
    try (CommittedImage image = CommittedImage.create(dir, ram)) {
      long before = allocatedBytes(dir);
      Staging staging = begin(image, 1);
      staging.reserve(ram / PAGE);
      staging.add(0, (int) (ram / PAGE)).fill((byte) 5);
      staging.deviceState(filled(3 << 20, 9));
      image.seal(staging);
      image.apply(staging);
      assertThat(allocatedBytes(dir) - before).isLessThan(4L << 20);
      commit(image, 2, 0, 6);
      assertThat(page(image, 0)).isEqualTo(bytes(PAGE, 6));
      assertThat(page(image, 1)).isEqualTo(bytes(PAGE, 5));
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(2);
      assertThat(image.firstDamagedPage(0, ram / PAGE)).isEqualTo(-1);
    }
  }

  private static long allocatedBytes(Path dir) throws IOException {
    Process du =
        new ProcessBuilder("du", "-s", "-B1", dir.toString()).redirectErrorStream(true).start();
    String output =
        new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    return Long.parseLong(output.split("\\s", 2)[0]);
  }

  @Test
  void resetGivesANewFileOfZerosWhileTheOldOneStaysMapped() throws IOException {
    Path dir = temp.resolve("kv");
    try (CommittedImage image = CommittedImage.create(dir, 16L * PAGE)) {
      commit(image, 1, 3, 7);
      Path old = image.ramFile();
      image.reset(2, new byte[] {42});
      assertThat(image.ramFile()).isNotEqualTo(old);
      assertThat(old).doesNotExist();
      assertThat(image.isCold()).isTrue();
      assertThat(image.committedEpoch()).isEqualTo(2);
      assertThat(image.marks()).containsExactly(42);
      assertThat(page(image, 3)).isEqualTo(new byte[PAGE]);
      commit(image, 3, 4, 8);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(3);
      assertThat(page(image, 3)).isEqualTo(new byte[PAGE]);
      assertThat(page(image, 4)).isEqualTo(bytes(PAGE, 8));
    }
  }

  @Test
  void lostProtectionIsShownUntilTheNextEpochCommits() throws IOException {
    Path dir = temp.resolve("kv");
    try (CommittedImage image = CommittedImage.create(dir, 16L * PAGE)) {
      commit(image, 1, 3, 7);
      image.setUnprotected(2);
      assertThatThrownBy(() -> image.setUnprotected(1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.unprotectedSince()).isEqualTo(2);
      commit(image, 4, 3, 8);
      assertThat(image.unprotectedSince()).isZero();
    }
  }

  @Test
  void flippedBitInRamIsFound() throws IOException {
    try (CommittedImage image = CommittedImage.create(temp.resolve("kv"), 16L * PAGE)) {
      commit(image, 1, 3, 7);
      byte[] ram = Files.readAllBytes(image.ramFile());
      ram[9 * PAGE + 77] ^= 4;
      Files.write(image.ramFile(), ram);
      assertThat(image.firstDamagedPage(0, 16)).isEqualTo(9);
      assertThat(image.firstDamagedPage(0, 9)).isEqualTo(-1);
    }
  }

  @Test
  void imageInUseIsRefused() throws IOException {
    Path dir = temp.resolve("kv");
    try (CommittedImage image = CommittedImage.create(dir, 16L * PAGE)) {
      assertThatThrownBy(() -> CommittedImage.open(dir))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("in use by another process");
      assertThatThrownBy(() -> CommittedImage.delete(dir)).isInstanceOf(ImageException.class);
      assertThat(image.isCold()).isTrue();
    }
    assertThatThrownBy(() -> CommittedImage.create(dir, 16L * PAGE))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("exists already");
    CommittedImage.delete(dir);
    assertThat(dir).doesNotExist();
  }

  @Test
  void badSizesAndMissingFoldersAreRefusedInOneLine() {
    for (long bytes : new long[] {0, -4096, 3, 4097, Long.MAX_VALUE, 1L << 43}) {
      assertThatThrownBy(() -> CommittedImage.create(temp.resolve("kv"), bytes))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("guest memory of " + bytes + " bytes");
    }
    assertThatThrownBy(() -> CommittedImage.open(temp.resolve("none")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("no such folder");
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void fileInTheWayIsRefusedAndKept() throws IOException {
    Path file = Files.writeString(temp.resolve("kv"), "mine");
    assertThatThrownBy(() -> CommittedImage.create(file, 16L * PAGE))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("a file is in the way");
    assertThat(file).hasContent("mine");
  }

  @Test
  void failedCreationLeavesNothing() throws IOException {
    // More than any machine of ours has.
    assertThatThrownBy(
            () -> CommittedImage.create(Path.of("/dev/shm/tardigrade-test-huge"), 1L << 42))
        .isInstanceOf(NoSpaceException.class);
    try (Stream<Path> left = Files.list(Path.of("/dev/shm"))) {
      assertThat(left).noneMatch(path -> path.endsWith("tardigrade-test-huge"));
    }
  }
}
