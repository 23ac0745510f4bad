package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts that no primary of ours would send. */
class PartFuzzTest {
  private static final long SEED = 3;
  private static final int TRIES = 60_000;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  /** For any bytes: they are an epoch's part and all within bounds, or they are refused. */
  static boolean fuzz(byte[] bytes, PartReader reader) throws IOException {
    UnitMap map = new UnitMap(TestGuest.PAGES, TestGuest.DISKS);
    PartCheck check = new PartCheck(map, new BitSet());
    try {
      reader.read(ByteBuffer.wrap(bytes), check);
      assertThat(check.pages().length()).isLessThanOrEqualTo(TestGuest.PAGES);
      return true;
    } catch (WireException e) {
      return false;
    }
  }

  @Test
  void anyBytesAreAPartOrRefused() throws Exception {
    Random random = new Random(SEED);
    List<byte[]> seeds = new ArrayList<>();
    try (Pair pair = new Pair(folder, SEED);
        PartReader reader = new PartReader()) {
      for (int i = 0; i < 20; i++) {
        EpochId id = pair.epoch();
        byte[] part = new byte[pair.primary.part(id, 0).remaining()];
        pair.primary.part(id, 0).get(part);
        seeds.add(part);
        assertThat(fuzz(part, reader)).isTrue();
        pair.primary.commit(id);
      }
      int refused = 0;
      for (int i = 0; i < TRIES; i++) {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int flips = random.nextInt(4); flips >= 0 && bytes.length > 0; flips--) {
          int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(40, bytes.length));
          bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1);
        }
        refused += fuzz(bytes, reader) ? 0 : 1;
      }
      assertThat(refused).isBetween(TRIES / 10, TRIES);
    }
  }

  @Test
  void partThatIsNoneIsRefusedAndNothingOfItKept() throws Exception {
    try (Pair pair = new Pair(folder, SEED)) {
      pair.sync();
      EpochId id = pair.epoch();
      ByteBuffer right = pair.primary.part(id, 0);
      byte[] wrong = {1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0};
      assertThatThrownBy(() -> pair.backup.stage(id, 0, ByteBuffer.wrap(wrong)))
          .isInstanceOf(WireException.class);
      pair.backup.stage(id, 0, right);
      assertThatThrownBy(() -> pair.backup.stage(id, 1, right))
          .as("each page once in an epoch")
          .isInstanceOf(WireException.class);
      pair.backup.seal(id);
      assertThat(pair.backup.parts(id)).isEqualTo(1);
      pair.backup.commit(id);
      pair.check(pair.backup, "the right one");
    }
  }

  @Test
  void writesBeyondADiskAreRefused() throws Exception {
    try (Pair pair = new Pair(folder, SEED)) {
      pair.sync();
      EpochId id = new EpochId(1, 1);
      long size = TestGuest.DISKS.getFirst();
      long[][] wrong = {
        {0, size - 10, 11},
        {0, size, 1},
        {0, -1, 5},
        {0, 0, 0},
        {0, 5, -1},
        {2, 0, 1},
        {-1, 0, 1},
        {0, Long.MAX_VALUE, Long.MAX_VALUE},
        {1, TestGuest.DISKS.getLast() - 1, 2}
      };
      for (long[] range : wrong) {
        assertThatThrownBy(() -> pair.backup.stage(id, 0, zeroed(range)))
            .as("%d: %d + %d", range[0], range[1], range[2])
            .isInstanceOf(WireException.class);
      }
      pair.backup.stage(id, 0, zeroed(0, size - 10, 10));
      pair.backup.seal(id);
      pair.backup.commit(id);
    }
  }

  private static ByteBuffer zeroed(long... range) {
    ByteBuffer part = ByteBuffer.allocate(23).put((byte) PartReader.DISKS).putInt(18);
    part.put((byte) range[0]).put((byte) PartReader.ZERO);
    return part.putLong(range[1]).putLong(range[2]).flip();
  }

  @Test
  void unitsThatAreNoneAreRefused() throws Exception {
    try (Pair pair = new Pair(folder, SEED)) {
      pair.sync();
      pair.backup.startSync();
      long units = pair.backup.units();
      for (long unit : new long[] {units, -1, Long.MAX_VALUE}) {
        ByteBuffer zero = ByteBuffer.allocate(9).put((byte) 0).putLong(unit).flip();
        assertThatThrownBy(() -> pair.backup.place(zero)).isInstanceOf(WireException.class);
      }
      pair.sync();
      pair.check(pair.backup, "synchronised");
    }
  }
}
