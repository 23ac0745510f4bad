package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.checkpoint.PageHealth.Source;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged pages of an image, put right from each of their copies. */
class PageRepairTest {
  private static final int PAGE = Geometry.PAGE_BYTES;
  private static final int DAMAGED = 3;

  @TempDir Path temp;
  private final Random random = new Random(11);
  private final byte[] right = new byte[PAGE];
  private CommittedImage image;

  @BeforeEach
  void create() throws IOException {
    image = CommittedImage.create(temp.resolve("kv"), 16L * PAGE);
    random.nextBytes(right);
    commit(1, DAMAGED, right);
  }

  @AfterEach
  void close() throws IOException {
    image.close();
  }

  private void commit(long epoch, long page, byte[] contents) throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    staging.reserve(1);
    staging.add(page, 1).copyFrom(MemorySegment.ofArray(contents));
    staging.deviceState(MemorySegment.ofArray(new byte[16]));
    image.seal(staging);
    image.apply(staging);
  }

  /** Both records now are of other pages, and do not hold the damaged one. */
  private void forgetRecords() throws IOException {
    commit(2, 8, new byte[PAGE]);
    commit(3, 9, new byte[PAGE]);
  }

  private static byte[] flipped(byte[] contents, int... bits) {
    byte[] copy = contents.clone();
    for (int bit : bits) {
      copy[bit / 8] ^= (byte) (1 << (bit % 8));
    }
    return copy;
  }

  private void put(byte[] contents) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.ramFile().toFile(), "rw")) {
      file.seek((long) DAMAGED * PAGE);
      file.write(contents);
    }
  }

  private byte[] page() throws IOException {
    byte[] ram = Files.readAllBytes(image.ramFile());
    return Arrays.copyOfRange(ram, DAMAGED * PAGE, (DAMAGED + 1) * PAGE);
  }

  private static MemorySegment of(byte[] contents) {
    return MemorySegment.ofArray(contents);
  }

  @Test
  void pageIsRepairedFromTheGuestsCopy() throws IOException {
    forgetRecords();
    put(flipped(right, 1, 2, 3, 40, 5000));
    PageHealth health = image.examine(DAMAGED, of(right));
    assertThat(health).isEqualTo(new PageHealth(false, true, false, false, false));
    image.repair(DAMAGED, Source.GUEST, of(right));
    assertThat(page()).isEqualTo(right);
    assertThat(image.firstDamagedPage(0, 16)).isEqualTo(-1);
  }

  @Test
  void pageIsRepairedFromTheRecordThatWroteIt() throws IOException {
    put(flipped(right, 1, 2, 3, 40, 5000));
    assertThat(image.examine(DAMAGED, null))
        .isEqualTo(new PageHealth(false, false, true, false, false));
    MemorySegment good = image.repair(DAMAGED, Source.RECORD, null);
    assertThat(good.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(right);
    assertThat(page()).isEqualTo(right);
  }

  @Test
  void anySingleFlippedBitIsTurnedBackWithoutAnyCopy() throws IOException {
    forgetRecords();
    for (int i = 0; i < 200; i++) {
      int bit = i == 0 ? 0 : i == 1 ? PAGE * 8 - 1 : random.nextInt(PAGE * 8);
      put(flipped(right, bit));
      PageHealth health = image.examine(DAMAGED, null);
      assertThat(health).isEqualTo(new PageHealth(false, false, false, false, true));
      image.repair(DAMAGED, Source.FLIPPED_BIT, null);
      assertThat(page()).as("bit %s", bit).isEqualTo(right);
    }
  }

  @Test
  void twoFlippedBitsAreNeverTakenForOne() throws IOException {
    forgetRecords();
    for (int i = 0; i < 200; i++) {
      int first = random.nextInt(PAGE * 8);
      int second = (first + 1 + random.nextInt(PAGE * 8 - 1)) % (PAGE * 8);
      put(flipped(right, first, second));
      assertThat(image.examine(DAMAGED, null))
          .as("bits %s and %s", first, second)
          .isEqualTo(new PageHealth(false, false, false, false, false));
    }
    assertThatThrownBy(() -> image.repair(DAMAGED, Source.FLIPPED_BIT, null))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void oneFlippedBitOfTheChecksumIsToldFromOneOfThePage() throws IOException {
    forgetRecords();
    Path sums = temp.resolve("kv").resolve("crc-1");
    for (int bit = 0; bit < 32; bit++) {
      try (RandomAccessFile file = new RandomAccessFile(sums.toFile(), "rw")) {
        file.seek(DAMAGED * 8L + bit / 8);
        int old = file.read();
        file.seek(DAMAGED * 8L + bit / 8);
        file.write(old ^ 1 << (bit % 8));
      }
      assertThat(image.firstDamagedPage(0, 16)).isEqualTo(DAMAGED);
      PageHealth health = image.examine(DAMAGED, null);
      assertThat(health.checksumFlipped()).as("bit %s", bit).isTrue();
      assertThat(health.bitKnown()).as("bit %s", bit).isFalse();
      image.renewChecksum(DAMAGED);
      assertThat(image.firstDamagedPage(0, 16)).isEqualTo(-1);
      assertThat(image.matches(DAMAGED, of(right))).isTrue();
    }
  }

  @Test
  void repairCutShortIsFoundAgain() throws IOException {
    forgetRecords();
    put(flipped(right, 7, 30_000, 31_000));
    byte[] torn = flipped(right, 30_000, 31_000);
    put(torn);
    assertThat(image.firstDamagedPage(0, 16)).isEqualTo(DAMAGED);
    image.repair(DAMAGED, Source.GUEST, of(right));
    assertThat(page()).isEqualTo(right);
  }

  @Test
  void guestsPageThatDiffersIsGivenTheImages() {
    byte[] bad = flipped(right, 12, 13, 14);
    PageHealth health = image.examine(DAMAGED, of(bad));
    assertThat(health.imageMatches()).isTrue();
    assertThat(health.guestMatches()).isFalse();
    MemorySegment good = image.repair(DAMAGED, Source.IMAGE, of(bad));
    assertThat(good.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(right);
  }

  @Test
  void wrongContentsAreNeverStored() throws IOException {
    forgetRecords();
    byte[] bad = flipped(right, 12, 13, 14);
    put(bad);
    assertThatThrownBy(() -> image.repair(DAMAGED, Source.GUEST, of(bad)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> image.repair(DAMAGED, Source.RECORD, null))
        .isInstanceOf(IllegalStateException.class);
    assertThat(page()).isEqualTo(bad);
  }

  @Test
  void pageThatWasNeverCommittedIsOneOfZeros() {
    assertThat(image.matches(12, of(new byte[PAGE]))).isTrue();
    assertThat(image.matches(12, of(flipped(new byte[PAGE], 99)))).isFalse();
  }
}
