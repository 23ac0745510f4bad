package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class VolumeTest {
  private static final int SIZE = 64 << 10;

  @TempDir private Path dir = Path.of("unset");

  private Path base() {
    return dir.resolve("data.img");
  }

  private Path log() {
    return dir.resolve("data.log");
  }

  private BlockFile file(String name) throws IOException {
    return new HostFile(LinuxFile.openOrCreate(dir.resolve(name)));
  }

  private Volume openNew(long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(base().toFile(), "rw")) {
      file.setLength(bytes);
    }
    return Volume.open(base(), log());
  }

  private static void fill(Volume volume, long offset, int length, int value) throws IOException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    volume.write(offset, ByteBuffer.wrap(bytes));
  }

  private static int byteAt(Volume volume, long offset) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    volume.read(offset, one);
    return one.get(0);
  }

  @Test
  void theBaseFileChangesOnlyAtCommit() throws IOException {
    try (Volume volume = openNew(SIZE)) {
      fill(volume, 100, 40_000, 7);
      volume.trim(200, 50);
      assertThat(volume.uncommittedBytes()).isEqualTo(40_000);
      assertThat(volume.closeEpoch(1)).isTrue();
      volume.prepare(1);
      assertThat(Files.readAllBytes(base())).containsOnly(0);
      assertThat(volume.lastPrepared()).isEqualTo(1);
      volume.commit(1);
      byte[] content = Files.readAllBytes(base());
      assertThat(content[100]).isEqualTo((byte) 7);
      assertThat(content[199]).isEqualTo((byte) 7);
      assertThat(content[200]).isZero();
      assertThat(content[249]).isZero();
      assertThat(content[40_099]).isEqualTo((byte) 7);
      assertThat(volume.uncommittedBytes()).isZero();
      assertThat(volume.closeEpoch(2)).isFalse();
    }
  }

  @Test
  void aVolumeInUseIsRefused() throws IOException {
    try (Volume volume = openNew(SIZE)) {
      assertThat(volume.sizeBytes()).isEqualTo(SIZE);
      assertThatThrownBy(() -> Volume.open(base(), log()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("in use")
          .hasMessageContaining(base().toString());
    }
    Volume.open(base(), log()).close();
  }

  @Test
  void badFilesAreRefusedWithOneLine() throws IOException {
    openNew(SIZE).close();
    try (RandomAccessFile file = new RandomAccessFile(base().toFile(), "rw")) {
      file.setLength(2 * SIZE);
    }
    assertThatThrownBy(() -> Volume.open(base(), log())).hasMessageContaining("131072");
    Volume.delete(base(), log());
    assertThat(dir).isEmptyDirectory();
    assertThatThrownBy(() -> openNew(1000)).hasMessageContaining("multiple of 512");
    assertThatThrownBy(() -> Volume.open(dir.resolve("nosuch"), log()))
        .hasMessageContaining("no such file");
    Volume.delete(base(), log());
    byte[] garbage = new byte[20_000];
    new Random(1).nextBytes(garbage);
    Files.write(log(), garbage);
    assertThatThrownBy(() -> openNew(SIZE)).hasMessageContaining("no valid header");
  }

  @Test
  void anInterruptedThreadDoesNotCloseTheVolume() throws IOException {
    try (Volume volume = openNew(SIZE)) {
      Thread.currentThread().interrupt();
      fill(volume, 0, 10, 1);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(byteAt(volume, 9)).isEqualTo(1);
    }
  }

  @Test
  void rangesOutsideAreRefused() throws IOException {
    try (Volume volume = openNew(SIZE)) {
      for (long offset : new long[] {-1, SIZE, SIZE + 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThatThrownBy(() -> fill(volume, offset, 1, 1))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> byteAt(volume, offset))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThatThrownBy(() -> volume.trim(1, Long.MAX_VALUE))
          .isInstanceOf(IndexOutOfBoundsException.class);
      volume.trim(SIZE, 0);
    }
  }

  @Test
  void callsInTheWrongOrderAreRefused() throws IOException {
    Volume volume = openNew(SIZE);
    fill(volume, 0, 1, 1);
    volume.closeEpoch(1);
    assertThatThrownBy(() -> volume.commit(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> volume.commit(2)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> volume.prepare(2)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> volume.closeEpoch(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> volume.recoverTo(1)).isInstanceOf(IllegalStateException.class);
    volume.prepare(1);
    volume.close();
    try (Volume found = Volume.open(base(), log())) {
      assertThatThrownBy(() -> byteAt(found, 0)).isInstanceOf(IllegalStateException.class);
      assertThat(found.lastPrepared()).isEqualTo(1);
      found.recoverTo(1);
      assertThat(byteAt(found, 0)).isEqualTo(1);
      assertThatThrownBy(() -> found.recoverTo(0)).hasMessageContaining("already");
    }
  }

  @Test
  void anEpochThatIsNotWholeIsNotRecoveredTo() throws IOException {
    Volume volume = openNew(SIZE);
    fill(volume, 0, 1, 1);
    volume.closeEpoch(1);
    volume.close();
    try (Volume found = Volume.open(base(), log())) {
      assertThatThrownBy(() -> found.recoverTo(1)).hasMessageContaining("whole up to epoch 0");
      found.recoverTo(0);
      assertThat(byteAt(found, 0)).isZero();
    }
  }

  @Test
  void aFlippedBitInTheLogEndsIt() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SimulatedDisk.File log = disk.create();
    SimulatedDisk.File other = disk.create();
    Volume volume = new Volume(disk.file(0), log, other, Volume.LOG_SWITCH_BYTES);
    fill(volume, 0, 1000, 1);
    volume.closeEpoch(1);
    volume.prepare(1);
    long end = log.size();
    fill(volume, 0, 1000, 2);
    volume.closeEpoch(2);
    volume.prepare(2);
    byte[] whole = log.content();
    for (int at = (int) end; at < whole.length; at += 97) {
      log.overwrite(at, (byte) (whole[at] ^ 4));
      Volume found = new Volume(disk.file(0), log, other, Volume.LOG_SWITCH_BYTES);
      // Where it hits the padding in front of the next record it does no harm.
      boolean padding = at < (end + 4095) / 4096 * 4096;
      assertThat(found.lastPrepared()).as("bit at %d", at).isEqualTo(padding ? 2 : 1);
      log.overwrite(at, whole[at]);
    }
  }

  @Test
  void aFullDiskFailsTheWriteAndNothingElse() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SimulatedDisk.File log = disk.create();
    SimulatedDisk.File other = disk.create();
    Volume volume = new Volume(disk.file(0), log, other, Volume.LOG_SWITCH_BYTES);
    fill(volume, 0, 5000, 1);
    log.sizeMax = 20_000;
    for (int length : new int[] {10_000, 30_000}) {
      assertThatThrownBy(() -> fill(volume, 100, length, 2))
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
    }
    assertThat(byteAt(volume, 100)).isEqualTo(1);
    fill(volume, 50, 100, 3);
    volume.closeEpoch(1);
    volume.prepare(1);
    volume.commit(1);
    log.sizeMax = 0;
    volume.rollback();
    assertThat(byteAt(volume, 100)).isEqualTo(3);
    log.sizeMax = Long.MAX_VALUE;
    fill(volume, 100, 30_000, 4);
    volume.closeEpoch(2);
    volume.prepare(2);
    Volume found = new Volume(disk.file(0), log, other, Volume.LOG_SWITCH_BYTES);
    found.recoverTo(2);
    assertThat(byteAt(found, 49)).isEqualTo(1);
    assertThat(byteAt(found, 50)).isEqualTo(3);
    assertThat(byteAt(found, 100)).isEqualTo(4);
  }

  @Test
  void aCommitThatFailsOnTheBaseFileIsMadeUpForByTheNext() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    SimulatedDisk.File base = disk.create();
    base.truncate(SIZE);
    Volume volume = new Volume(base, disk.create(), disk.create(), Volume.LOG_SWITCH_BYTES);
    fill(volume, 0, SIZE, 1);
    volume.closeEpoch(1);
    volume.prepare(1);
    base.sizeMax = 1000;
    assertThatThrownBy(() -> volume.commit(1)).isInstanceOf(IOException.class);
    assertThat(byteAt(volume, SIZE - 1)).isEqualTo(1);
    volume.rollback();
    assertThat(byteAt(volume, SIZE - 1)).isEqualTo(1);
    base.sizeMax = Long.MAX_VALUE;
    volume.closeEpoch(2);
    volume.commit(2);
    assertThat(base.content()).containsOnly(1);
  }

  @Test
  void aFailedSyncIsNeverForgotten() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SimulatedDisk.File log = disk.create();
    Volume volume = new Volume(disk.file(0), log, disk.create(), Volume.LOG_SWITCH_BYTES);
    fill(volume, 0, 10, 1);
    volume.closeEpoch(1);
    log.syncFails = true;
    assertThatThrownBy(() -> volume.prepare(1)).isInstanceOf(LinuxException.class);
    log.syncFails = false;
    assertThatThrownBy(() -> volume.prepare(1)).hasMessageContaining("lost");
    assertThatThrownBy(() -> volume.commit(1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theLogIsReusedAndDoesNotGrowForEver() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SimulatedDisk.File log = disk.create();
    SimulatedDisk.File other = disk.create();
    Volume volume = new Volume(disk.file(0), log, other, GuestRun.LOG_SWITCH);
    for (int epoch = 1; epoch <= 200; epoch++) {
      fill(volume, epoch * 17L, 3000, epoch);
      volume.closeEpoch(epoch);
      volume.prepare(epoch);
      volume.commit(epoch);
    }
    assertThat(log.size()).isLessThan(32_000);
    assertThat(other.size()).isLessThan(32_000);
    assertThat(byteAt(volume, 200 * 17L)).isEqualTo((byte) 200);
  }

  @Test
  @Timeout(60)
  void readsAndWritesGoOnDuringCheckpoints() throws Exception {
    int writers = 3;
    int part = 1 << 20;
    AtomicBoolean stop = new AtomicBoolean();
    BlockFile file = file("data.img");
    file.truncate(writers * (long) part);
    try (Volume volume = new Volume(file, file("data.log"), file("data.log.1"), 1 << 20);
        ExecutorService pool = Executors.newFixedThreadPool(writers)) {
      List<Future<byte[]>> results =
          IntStream.range(0, writers)
              .mapToObj(i -> pool.submit(writer(volume, (long) i * part, part, i, stop)))
              .toList();
      long epoch = 1;
      try {
        // Long enough for both log files to have been used and emptied.
        for (; epoch <= 20 || Files.size(dir.resolve("data.log.1")) < 1 << 20; epoch++) {
          boolean wrote = volume.closeEpoch(epoch);
          TimeUnit.MILLISECONDS.sleep(2);
          if (wrote) {
            volume.prepare(epoch);
          }
          volume.commit(epoch);
        }
      } finally {
        stop.set(true);
      }
      byte[] expected = joined(results, part);
      volume.closeEpoch(epoch);
      volume.prepare(epoch);
      volume.commit(epoch);
      assertThat(Arrays.equals(Files.readAllBytes(base()), expected)).isTrue();
    }
  }

  private static byte[] joined(List<Future<byte[]>> parts, int part)
      throws InterruptedException, ExecutionException {
    byte[] all = new byte[parts.size() * part];
    for (int i = 0; i < parts.size(); i++) {
      System.arraycopy(parts.get(i).get(), 0, all, i * part, part);
    }
    return all;
  }

  /** Writes its own part of the volume until stopped, reading back after each write. */
  private static Callable<byte[]> writer(
      Volume volume, long start, int size, long seed, AtomicBoolean stop) {
    return () -> {
      Random random = new Random(seed);
      byte[] model = new byte[size];
      ByteBuffer buffer = ByteBuffer.allocateDirect(40_000);
      while (!stop.get()) {
        int length = 1 + random.nextInt(buffer.capacity());
        int offset = random.nextInt(size - length);
        byte[] bytes = new byte[length];
        if (random.nextInt(4) == 0) {
          volume.writeZeroes(start + offset, length, random.nextBoolean());
        } else {
          random.nextBytes(bytes);
          volume.write(start + offset, buffer.clear().put(bytes).flip());
        }
        System.arraycopy(bytes, 0, model, offset, length);
        LockSupport.parkNanos(100_000);
        int from = random.nextInt(size - buffer.capacity());
        volume.read(start + from, buffer.clear());
        int at = buffer.flip().mismatch(ByteBuffer.wrap(model, from, buffer.capacity()));
        if (at >= 0) {
          throw new AssertionError("seed " + seed + ": read differs at " + (from + at));
        }
      }
      return model;
    };
  }
}
