package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A guest with two disks that writes at random and is checkpointed, rolled back and committed as a
 * guardian would, beside a model of what its disks hold at each epoch.
 */
final class GuestRun {
  static final int VOLUMES = 2;
  static final int SIZE = 16 << 10;
  static final long LOG_SWITCH = LogHeader.RECORDS_START + (6 << 10);

  private final Random random;
  private final SimulatedDisk disk;
  private final byte[][] now = new byte[VOLUMES][SIZE];

  /** All attempts at each epoch, oldest first: after a rollback an epoch is run again. */
  private final Map<Long, List<byte[][]>> closedAt = new HashMap<>();

  private VolumeSet volumes = new VolumeSet(List.of());
  private long closed;
  private long committed;
  private long sealed;

  GuestRun(long seed, SimulatedDisk disk) {
    this.random = new Random(seed);
    this.disk = disk;
    closedAt.put(0L, List.<byte[][]>of(snapshot()));
  }

  /** A disk with the files of the volumes, the bases being all zeroes. */
  static SimulatedDisk newDisk(long seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    for (int i = 0; i < VOLUMES; i++) {
      SimulatedDisk.File base = disk.create();
      base.truncate(SIZE);
      base.sync();
      disk.create();
      disk.create();
    }
    return disk;
  }

  static VolumeSet open(SimulatedDisk disk) throws IOException {
    List<Volume> volumes = new ArrayList<>();
    for (int i = 0; i < VOLUMES; i++) {
      volumes.add(
          new Volume(disk.file(3 * i), disk.file(3 * i + 1), disk.file(3 * i + 2), LOG_SWITCH));
    }
    return new VolumeSet(volumes);
  }

  /** The newest epoch that was decided to be the one to recover to. */
  long sealed() {
    return sealed;
  }

  /** Opens the volumes of a guest never started before. */
  void start() throws IOException {
    volumes = open(disk);
    volumes.begin(0);
  }

  /** Goes on after a recovery of these volumes to {@code epoch}. */
  void resume(VolumeSet recovered, long epoch) throws IOException {
    volumes = recovered;
    byte[][] content = contentOf(recovered);
    for (int i = 0; i < VOLUMES; i++) {
      now[i] = content[i];
    }
    closed = epoch;
    committed = epoch;
    sealed = epoch;
    closedAt.clear();
    closedAt.put(epoch, List.<byte[][]>of(snapshot()));
  }

  void runEpochs(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      writeSome();
      long epoch = close();
      writeSome();
      if (random.nextInt(6) == 0) {
        rollback();
        continue;
      }
      volumes.prepare(epoch);
      writeSome();
      if (random.nextInt(6) == 0) {
        rollback();
        continue;
      }
      boolean overlapped = random.nextInt(4) == 0;
      long next = overlapped ? close() : epoch;
      sealed = epoch;
      volumes.commit(epoch);
      committed = epoch;
      if (overlapped) {
        writeSome();
        volumes.prepare(next);
        sealed = next;
        volumes.commit(next);
        committed = next;
      }
      if (random.nextInt(6) == 0) {
        rollback();
      }
      check();
    }
  }

  private long close() {
    volumes.closeEpoch(++closed);
    closedAt.computeIfAbsent(closed, epoch -> new ArrayList<>()).add(snapshot());
    return closed;
  }

  private void rollback() throws IOException {
    volumes.rollback();
    closed = committed;
    byte[][] kept = closedAt.getOrDefault(committed, List.of()).getLast();
    for (int i = 0; i < VOLUMES; i++) {
      now[i] = kept[i].clone();
    }
    check();
  }

  private void writeSome() throws IOException {
    int writes = random.nextInt(4);
    for (int n = 0; n < writes; n++) {
      int which = random.nextInt(VOLUMES);
      int offset = random.nextInt(SIZE);
      int length =
          1 + random.nextInt(Math.min(random.nextInt(5) == 0 ? SIZE : 3000, SIZE - offset));
      Volume volume = volumes.volumes().get(which);
      if (random.nextInt(5) == 0) {
        volume.writeZeroes(offset, length, random.nextBoolean());
        Arrays.fill(now[which], offset, offset + length, (byte) 0);
      } else {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        volume.write(offset, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, now[which], offset, length);
      }
    }
  }

  private byte[][] snapshot() {
    byte[][] copy = new byte[VOLUMES][];
    for (int i = 0; i < VOLUMES; i++) {
      copy[i] = now[i].clone();
    }
    return copy;
  }

  /** The volumes read as the model does, whole and in part. */
  void check() throws IOException {
    assertThat(Arrays.deepEquals(contentOf(volumes), now)).as("content at %d", closed).isTrue();
    int offset = random.nextInt(SIZE);
    ByteBuffer part = ByteBuffer.allocate(random.nextInt(SIZE - offset));
    volumes.volumes().getFirst().read(offset, part);
    assertThat(part.array())
        .isEqualTo(Arrays.copyOfRange(now[0], offset, offset + part.capacity()));
  }

  static byte[][] contentOf(VolumeSet set) throws IOException {
    byte[][] content = new byte[VOLUMES][SIZE];
    for (int i = 0; i < VOLUMES; i++) {
      set.volumes().get(i).read(0, ByteBuffer.wrap(content[i]));
    }
    return content;
  }

  /** Whether the disks are, together, exactly at {@code epoch}. */
  void checkRecovered(long epoch, byte[][] content, String what) {
    if (epoch <= sealed) {
      // An epoch before the sealed one stands for it where nothing was written in between.
      byte[][] expected = closedAt.getOrDefault(sealed, List.of()).getLast();
      assertThat(Arrays.deepEquals(content, expected)).as("%s, sealed %d", what, sealed).isTrue();
      return;
    }
    assertThat(closedAt.getOrDefault(epoch, List.of()))
        .as("%s, some attempt at epoch %d, sealed %d", what, epoch, sealed)
        .anyMatch(attempt -> Arrays.deepEquals(content, attempt));
  }
}
