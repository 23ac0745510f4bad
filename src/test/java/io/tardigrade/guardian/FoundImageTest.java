package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the guest of a host that was lost commits again, and when it gets a spare. */
class FoundImageTest {
  private static final PredecessorLoss.HostLoss LOST =
      new PredecessorLoss.HostLoss(
          new Life("00000000-0000-4000-8000-000000000000", Place.PRESERVED),
          true,
          null,
          null,
          Duration.ZERO);

  @TempDir private Path dir;
  private final AtomicInteger spares = new AtomicInteger();
  private CommittedImage image;

  @BeforeEach
  void makeImage() throws IOException {
    image = CommittedImage.create(dir.resolve("image"), 1 << 20);
    commit(7);
  }

  @AfterEach
  void close() throws IOException {
    image.close();
  }

  private void commit(long epoch) throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    staging.deviceState(MemorySegment.ofArray(new byte[8]));
    image.seal(staging);
    image.apply(staging);
  }

  private FoundImage found(PredecessorLoss.@Nullable HostLoss loss) {
    return new FoundImage(
        image, new VolumeSet(List.of()), spares::incrementAndGet, TestGuest.spec(), loss);
  }

  /** Its clients wait for that commit, and the start of a process would make them wait longer. */
  @Test
  void spareIsStartedBehindTheFirstCommitAndOnce() throws Exception {
    FoundImage found = found(LOST);
    AtomicBoolean ended = new AtomicBoolean();
    assertThat(found.begin(() -> ended.set(true))).isTrue();
    await().untilTrue(ended);

    assertThat(found.mayCommit()).as("all pages are as they were committed").isTrue();
    assertThat(found.mayCommit()).isTrue();
    assertThat(spares).hasValue(0);

    commit(8);
    assertThat(found.mayCommit()).isTrue();
    assertThat(spares).hasValue(1);
    commit(9);
    assertThat(found.mayCommit()).isTrue();
    assertThat(spares).as("once").hasValue(1);
    assertThat(found.begin(() -> {})).as("it is checked once").isFalse();
  }

  @Test
  void guestThatIsGivenUpGetsNoSpare() throws Exception {
    FoundImage found = found(LOST);
    assertThat(found.begin(() -> {})).isTrue();
    found.await();
    found.cancel();
    commit(8);
    assertThat(found.mayCommit()).isTrue();
    assertThat(spares).hasValue(0);
  }

  @Test
  void nothingIsCheckedWhereTheHostWasNotLost() throws Exception {
    FoundImage found = found(null);
    assertThat(found.begin(() -> {})).isFalse();
    assertThat(found.mayCommit()).isTrue();
    commit(8);
    assertThat(found.mayCommit()).isTrue();
    assertThat(spares).as("it has one from its start").hasValue(0);
  }

  /** Or it would be told that it was recovered, and then that it was kept. */
  @Test
  void recoveryIsToldWhenAllPagesAreChecked() throws Exception {
    FoundImage found = found(LOST);
    AtomicInteger told = new AtomicInteger();
    assertThat(found.begin(() -> {})).isTrue();
    found.whenChecked(told::incrementAndGet);
    assertThat(told).hasValue(0);
    found.await();
    assertThat(told).hasValue(1);
    found.whenChecked(told::incrementAndGet);
    assertThat(told).as("nothing is left to check").hasValue(2);
  }

  @Test
  void recoveryOfAGuestThatIsKeptIsNotTold() throws Exception {
    try (RandomAccessFile ram = new RandomAccessFile(image.ramFile().toFile(), "rw")) {
      ram.seek(3 * 4096 + 5);
      ram.write(1);
    }
    FoundImage found = found(LOST);
    AtomicInteger told = new AtomicInteger();
    assertThat(found.begin(() -> {})).isTrue();
    found.whenChecked(told::incrementAndGet);
    assertThatThrownBy(found::await).isInstanceOf(KeptException.class);
    found.cancel();
    assertThat(told).hasValue(0);
  }
}
