package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.replication.EpochId;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaStoreTest {
  private static final long SEED = 5;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Pair pair;

  @BeforeEach
  void begin() throws IOException {
    pair = new Pair(folder, SEED);
  }

  @AfterEach
  void end() throws IOException {
    pair.close();
  }

  @Test
  void backupHoldsEveryEpochByteForByte() throws Exception {
    pair.sync();
    for (int i = 0; i < 60; i++) {
      pair.commit();
      pair.check(pair.primary, "primary, round " + i);
      pair.check(pair.backup, "backup, round " + i);
    }
  }

  @Test
  void storeOfNothingIsFilledAndFound() throws Exception {
    assertThat(pair.backup.isWhole()).isFalse();
    assertThat(pair.backup.digests(0, 4).hasRemaining()).isFalse();
    pair.commitAlone();
    pair.sync();
    assertThat(pair.backup.isWhole()).isTrue();
    assertThat(pair.backup.base()).isEqualTo(pair.primary.base());
    pair.restartBackup();
    assertThat(pair.backup.isWhole()).isTrue();
    assertThat(pair.backup.base()).isEqualTo(pair.primary.base());
    pair.check(pair.backup, "found again");
  }

  /** Units come from later epochs than the base; deltas of those between are put over them. */
  @Test
  void backupIsExactAfterItWasSynchronisedWhileTheGuestRan() throws Exception {
    for (int round = 0; round < 8; round++) {
      pair.commitAlone();
      pair.backup.startSync();
      long unit = 0;
      EpochId newestVersion = EpochId.NONE;
      List<EpochId> shipped = new java.util.ArrayList<>();
      while (unit < pair.backup.units()) {
        // Epochs are committed on the primary well before they come to the backup.
        if (pair.random.nextInt(3) == 0) {
          EpochId id = pair.epoch();
          pair.primary.commit(id);
          shipped.add(id);
        }
        newestVersion = pair.primary.contents();
        boolean first = unit == 0;
        unit = pair.syncSome(unit);
        if (first) {
          shipped.clear();
        } else if (!shipped.isEmpty() && pair.random.nextBoolean()) {
          EpochId id = shipped.removeFirst();
          pair.ship(id);
          pair.backup.commit(id);
        }
      }
      for (EpochId id : shipped) {
        pair.ship(id);
        pair.backup.commit(id);
      }
      assertThat(pair.backup.base()).isEqualTo(newestVersion);
      pair.backup.finishSync();
      pair.check(pair.backup, "round " + round);
      pair.primary.forget(newestVersion);
    }
  }

  @Test
  void onlyUnitsThatDifferAreResent() throws Exception {
    pair.sync();
    pair.commit();
    pair.backup.startSync();
    int count = TestGuest.PAGES;
    int same = pair.primary.differing(0, count, pair.backup.digests(0, count)).remaining();
    assertThat(same).isZero();
    EpochId id = pair.epoch();
    pair.primary.commit(id);
    assertThat(pair.primary.differing(0, count, pair.backup.digests(0, count)).remaining())
        .isLessThan(6 * 4200);
  }

  @Test
  void guestWhoseMemoryIsGoneIsFoundedOnItsDisksAsTheyWereCommitted() throws Exception {
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 10; i++) {
        pair.commitAlone();
      }
      Snapshot last = Snapshot.of(pair.primary);
      pair.losePrimaryMemory();
      assertThat(pair.primary.isWhole()).isFalse();

      pair.foundFromDisks();
      assertThat(pair.primary.isWhole()).isTrue();
      assertThat(pair.primary.deviceState().byteSize()).as("it is to boot").isZero();
      Snapshot found = Snapshot.of(pair.primary);
      for (int disk = 0; disk < last.disks.size(); disk++) {
        assertThat(found.disks.get(disk)).as("round %d", round).isEqualTo(last.disks.get(disk));
      }
      assertThat(found.ram).containsOnly(0);
    }
    pair.commitAlone();
    pair.restartPrimary();
    pair.check(pair.primary, "found again");
    pair.sync();
    pair.commit();
    pair.check(pair.backup, "a backup of it");
  }

  /** What was found damaged is given up; then nothing is left but the disks. */
  @Test
  void memoryThatWasGivenUpIsReplacedByAFoundingToo() throws Exception {
    pair.commitAlone();
    Snapshot last = Snapshot.of(pair.primary);
    pair.primary.startSync();
    assertThat(pair.primary.isWhole()).isFalse();
    pair.foundFromDisks();
    assertThat(Snapshot.of(pair.primary).disks.getFirst()).isEqualTo(last.disks.getFirst());
    pair.commitAlone();
    pair.restartPrimary();
    pair.check(pair.primary, "found again");
  }

  @Test
  void epochsThatAreSealedOutliveTheProcess() throws Exception {
    pair.sync();
    EpochId first = pair.epoch();
    EpochId second = pair.epoch();
    pair.ship(first);
    pair.ship(second);
    pair.backup.stage(new EpochId(1, 9), 0, java.nio.ByteBuffer.allocate(0));
    EpochId base = pair.backup.base();
    pair.restartBackup();
    assertThat(pair.backup.base()).isEqualTo(base);
    assertThat(pair.backup.tail()).containsExactly(first, second);
    pair.backup.commit(first);
    pair.check(pair.backup, "after the first");
    pair.backup.bringToNewest();
    assertThat(pair.backup.contents()).isEqualTo(second);
    assertThat(pair.backup.base()).isEqualTo(first);
    pair.check(pair.backup, "after the second");
    pair.restartBackup();
    assertThat(pair.backup.contents()).isEqualTo(second);
    assertThat(pair.backup.base()).as("what is known to be committed").isEqualTo(first);
    assertThat(pair.backup.tail()).containsExactly(second);
    pair.backup.commit(second);
    pair.restartBackup();
    assertThat(pair.backup.base()).isEqualTo(second);
  }

  @Test
  void contentsPastWhatOthersFollowAreNotWhole() throws Exception {
    pair.sync();
    EpochId first = pair.epoch();
    EpochId second = pair.epoch();
    pair.ship(first);
    pair.ship(second);
    pair.backup.bringToNewest();
    pair.backup.truncateAfter(second);
    assertThat(pair.backup.isWhole()).isTrue();
    pair.backup.truncateAfter(first);
    assertThat(pair.backup.isWhole()).isFalse();
    pair.restartBackup();
    assertThat(pair.backup.isWhole()).isFalse();
    pair.sync();
    pair.check(pair.backup, "synchronised");
  }

  @Test
  void tailBehindTheContentsIsThrownAwayWithoutHarm() throws Exception {
    pair.sync();
    EpochId first = pair.epoch();
    EpochId second = pair.epoch();
    pair.ship(first);
    pair.ship(second);
    pair.backup.truncateAfter(first);
    assertThat(pair.backup.isWhole()).isTrue();
    assertThat(pair.backup.tail()).containsExactly(first);
    assertThatThrownBy(() -> pair.backup.parts(second)).isInstanceOf(IllegalStateException.class);
    pair.backup.commit(first);
    pair.check(pair.backup, "first");
    pair.restartBackup();
    assertThat(pair.backup.tail()).isEmpty();
  }

  @Test
  void guestGoesOnFromWhatItsEndedHypervisorHadSealed() throws Exception {
    EpochId first = pair.epoch();
    EpochId second = pair.epoch();
    pair.guest.work();
    pair.primary.bringToNewest();
    pair.primary.endRun();
    assertThat(pair.primary.contents()).isEqualTo(second);
    pair.check(pair.primary, "after the hypervisor's end");
    pair.guest = TestGuest.run(pair.primary, pair.random);
    pair.epoch();
    pair.primary.commit(first);
    pair.primary.commit(second);
    pair.check(pair.primary, "base has caught up");
    pair.primary.commit(pair.primary.newest());
    pair.check(pair.primary, "and beyond");
  }

  @Test
  void guestThatIsDiscardedLeavesItsSealedEpochs() throws Exception {
    pair.sync();
    EpochId first = pair.epoch();
    pair.epoch();
    pair.guest.work();
    pair.primary.endRun();
    pair.check(pair.primary, "nothing was committed");
    pair.primary.commit(first);
    pair.check(pair.primary, "read back from its file");
    pair.primary.truncateAfter(first);
    assertThat(pair.primary.tail()).isEmpty();
    assertThat(pair.primary.isWhole()).isTrue();
  }

  @Test
  void storeThatIsDroppedKeepsNothing() throws Exception {
    pair.sync();
    EpochId id = pair.epoch();
    pair.ship(id);
    pair.backup.drop();
    assertThat(pair.backup.isWhole()).isFalse();
    try (Stream<Path> left = Files.walk(folder.resolve("b"))) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
    pair.primary.commit(id);
    pair.sync();
    pair.check(pair.backup, "filled again");
  }

  @Test
  void storeOfAnotherLifeIsNoneOfThisGuest() throws Exception {
    pair.sync();
    pair.backup.close();
    pair.backup = ReplicaStore.open(pair.backupFiles, Pair.LIFE + 1);
    assertThat(pair.backup.isWhole()).isFalse();
    assertThat(pair.backup.digests(0, 1).remaining()).isZero();
    pair.sync();
    pair.check(pair.backup, "synchronised over it");
  }

  @Test
  void everyDamageOfASealedEpochIsRefusedAndNamed() throws Exception {
    pair.sync();
    EpochId first = pair.epoch();
    pair.ship(first);
    pair.ship(pair.epoch());
    pair.backup.close();
    Path file = pair.backupFiles.folder().resolve("epoch-" + first);
    byte[] right = Files.readAllBytes(file);
    for (int i = 0; i < 300; i++) {
      byte[] wrong = right.clone();
      int at = i < 64 ? i : pair.random.nextInt(wrong.length);
      wrong[at] ^= (byte) (1 << pair.random.nextInt(8));
      Files.write(file, wrong);
      assertRefused(first, "bit at " + at);
    }
    for (int bytes = 0; bytes < right.length; bytes += 1 + pair.random.nextInt(100)) {
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(bytes);
      }
      assertRefused(first, "cut to " + bytes);
      Files.write(file, right);
    }
    Files.delete(file);
    assertRefused(pair.primary.newest(), "missing");
    Files.write(file, right);
    pair.backup = ReplicaStore.open(pair.backupFiles, Pair.LIFE);
    assertThat(pair.backup.tail()).hasSize(2);
  }

  private void assertRefused(EpochId epoch, String damage) {
    assertThatThrownBy(() -> ReplicaStore.open(pair.backupFiles, Pair.LIFE).close())
        .as(damage)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("epoch-" + epoch)
        .hasMessageContaining("damaged");
  }

  @Test
  void imageOfAGuestThatWasNeverReplicatedBecomesItsFirstReplica() throws Exception {
    EpochId id = pair.commitAlone();
    pair.primary.close();
    pair.primary = ReplicaStore.found(pair.primaryFiles, Pair.LIFE + 9);
    assertThat(pair.primary.isWhole()).isTrue();
    assertThat(pair.primary.base()).isEqualTo(id);
    pair.check(pair.primary, "as it was");
  }
}
