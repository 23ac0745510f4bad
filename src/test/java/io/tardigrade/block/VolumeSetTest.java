package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class VolumeSetTest {
  private static final int SIZE = 8192;
  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final Files a = new Files();
  private final Files b = new Files();

  /** The three files of a volume. */
  private final class Files {
    private final SimulatedDisk.File base = disk.create();
    private final SimulatedDisk.File log0 = disk.create();
    private final SimulatedDisk.File log1 = disk.create();

    Files() {
      base.truncate(SIZE);
    }

    Volume open() throws IOException {
      return new Volume(base, log0, log1, Volume.LOG_SWITCH_BYTES);
    }
  }

  private static void put(VolumeSet set, int volume, int value) throws IOException {
    set.volumes().get(volume).write(0, ByteBuffer.wrap(new byte[] {(byte) value}));
  }

  private VolumeSet open() throws IOException {
    return new VolumeSet(List.of(a.open(), b.open()));
  }

  @Test
  void nothingIsMadeDurableWhenNoVolumeWrote() throws IOException {
    VolumeSet set = open();
    set.begin(0);
    put(set, 0, 1);
    assertThat(set.closeEpoch(1)).isTrue();
    set.prepare(1);
    set.commit(1);
    long steps = disk.steps();
    assertThat(set.closeEpoch(2)).isFalse();
    set.prepare(2);
    set.commit(2);
    assertThat(disk.steps()).isEqualTo(steps);
    assertThat(set.lastPrepared()).isEqualTo(1);
    open().recoverTo(2);
    assertThat(a.base.content()[0]).isEqualTo((byte) 1);
  }

  @Test
  void oneVolumesWritePreparesAll() throws IOException {
    VolumeSet set = open();
    set.begin(0);
    put(set, 1, 5);
    set.closeEpoch(1);
    set.prepare(1);
    assertThat(a.open().lastPrepared()).isEqualTo(1);
    assertThat(b.open().lastPrepared()).isEqualTo(1);
  }

  @Test
  void anEpochClosedWhileTheOneBeforeIsPreparedIsPreparedToo() throws IOException {
    VolumeSet set = open();
    set.begin(0);
    put(set, 0, 1);
    set.closeEpoch(1);
    put(set, 0, 2);
    set.closeEpoch(2);
    set.prepare(1);
    set.prepare(2);
    set.commit(2);
    assertThat(a.base.content()[0]).isEqualTo((byte) 2);
  }

  @Test
  void anEpochAfterARollbackIsPreparedEvenIfNothingWasWritten() throws IOException {
    VolumeSet set = open();
    set.begin(0);
    put(set, 0, 1);
    set.closeEpoch(1);
    set.rollback();
    assertThat(set.closeEpoch(1)).isTrue();
    set.prepare(1);
    set.commit(1);
    VolumeSet found = open();
    found.recoverTo(1);
    assertThat(a.base.content()[0]).isZero();
  }

  @Test
  void aVolumeFromAnotherGuestHasNoSay() throws IOException {
    VolumeSet first = new VolumeSet(List.of(a.open()));
    first.begin(0);
    for (int epoch = 1; epoch <= 500; epoch++) {
      put(first, 0, epoch);
      first.closeEpoch(epoch);
      first.prepare(epoch);
      first.commit(epoch);
    }
    first = new VolumeSet(List.of(a.open()));
    first.recoverTo(first.lastPrepared());
    VolumeSet alone = new VolumeSet(List.of(b.open()));
    alone.begin(0);
    put(alone, 0, 9);
    alone.closeEpoch(1);
    alone.prepare(1);
    VolumeSet both = open();
    assertThat(both.lastPrepared()).isEqualTo(1);
    both.recoverTo(1);
    both.begin(0);
    put(both, 0, 3);
    both.closeEpoch(1);
    both.prepare(1);
    VolumeSet found = open();
    assertThat(found.lastPrepared()).isEqualTo(1);
    found.recoverTo(1);
    assertThat(a.base.content()[0]).isEqualTo((byte) 3);
    assertThat(b.base.content()[0]).isEqualTo((byte) 9);
  }

  @Test
  void volumesLeftUnrecoveredByTwoGuestsAreRefused() throws IOException {
    for (Files files : List.of(a, b)) {
      VolumeSet set = new VolumeSet(List.of(files.open()));
      set.begin(0);
      put(set, 0, 1);
    }
    assertThatThrownBy(() -> open().lastPrepared()).hasMessageContaining("different guests");
  }
}
