package io.tardigrade.replica;

import io.tardigrade.block.Volume;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.StoreFullException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A guest that runs on a store as on a guardian, and writes what chance says. */
public final class TestGuest {
  static final int PAGE = 4096;
  static final int PAGES = 16;

  /** The second ends within a block. */
  static final List<Long> DISKS = List.of(64L << 10, 12_800L);

  private final ReplicaStore store;
  private final Random random;
  private final byte[] ram;
  private final List<byte[]> disks;
  private final TreeSet<Integer> dirty = new TreeSet<>();
  private byte[] device;
  private byte[] marks;

  private TestGuest(ReplicaStore store, Random random, Snapshot from) {
    this.store = store;
    this.random = random;
    this.ram = from.ram;
    this.disks = from.disks;
    this.device = from.device;
    this.marks = from.marks;
  }

  /** Where its replica lies on a host. */
  public static ReplicaFiles files(Path folder) {
    return new ReplicaFiles(
        folder.resolve("replica"),
        folder.resolve("image"),
        (long) PAGES * PAGE,
        List.of(
            new ReplicaFiles.Disk(
                folder.resolve("a.img"), folder.resolve("a.log"), DISKS.getFirst(), null),
            new ReplicaFiles.Disk(
                folder.resolve("b.img"), folder.resolve("b.log"), DISKS.getLast(), null)));
  }

  /** Goes on from what the store's contents are. */
  public static TestGuest run(ReplicaStore store, Random random) throws IOException {
    return new TestGuest(store, random, Snapshot.of(store));
  }

  /** All of it, as it is. */
  public Snapshot now() {
    return new Snapshot(ram, device, marks, disks);
  }

  /** Writes some pages and blocks. */
  public void work() throws IOException {
    for (int i = random.nextInt(5); i > 0; i--) {
      writePage(random.nextInt(PAGES));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      writeDisk(random.nextInt(DISKS.size()));
    }
    if (random.nextInt(4) > 0) {
      device = Arrays.copyOf(device, 1 + random.nextInt(3 * PAGE));
      device[random.nextInt(device.length)]++;
      marks = Arrays.copyOf(marks, random.nextInt(20));
    }
  }

  private void writePage(int page) {
    int at = page * PAGE;
    switch (random.nextInt(4)) {
      case 0 -> Arrays.fill(ram, at, at + PAGE, (byte) 0);
      case 1 -> Arrays.fill(ram, at, at + PAGE, (byte) random.nextInt());
      case 2 -> ram[at + random.nextInt(PAGE)]++;
      default -> {
        byte[] noise = new byte[random.nextInt(1, PAGE)];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, ram, at + random.nextInt(PAGE - noise.length), noise.length);
      }
    }
    dirty.add(page);
  }

  private void writeDisk(int which) throws IOException {
    byte[] disk = disks.get(which);
    Volume volume = store.volumes().volumes().get(which);
    int offset = random.nextInt(disk.length);
    int length = 1 + random.nextInt(Math.min(disk.length - offset, 9000));
    byte[] bytes = new byte[length];
    switch (random.nextInt(4)) {
      case 0 -> volume.writeZeroes(offset, length, random.nextBoolean());
      case 1 -> {
        random.nextBytes(bytes);
        volume.write(offset, ByteBuffer.wrap(bytes));
      }
      default -> {
        Arrays.fill(bytes, (byte) random.nextInt());
        volume.write(offset, ByteBuffer.wrap(bytes));
      }
    }
    System.arraycopy(bytes, 0, disk, offset, length);
  }

  /** Takes a checkpoint; null where the image has no slot for it. */
  public @Nullable Snapshot capture(EpochId id) throws IOException, StoreFullException {
    long number = store.nextNumber();
    Staging staging = store.image().beginStaging(number);
    if (staging == null) {
      return null;
    }
    boolean _ = store.volumes().closeEpoch(number);
    staging.reserve(dirty.size());
    for (int page : dirty) {
      staging.add(page, MemorySegment.ofArray(ram).asSlice((long) page * PAGE, PAGE));
    }
    try {
      store.capture(id, staging, MemorySegment.ofArray(device), marks);
    } catch (StoreFullException e) {
      staging.abandon();
      throw e;
    }
    dirty.clear();
    return now();
  }
}
