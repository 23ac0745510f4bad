package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.block.Volume;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All of a guest at one moment. */
public final class Snapshot {
  final byte[] ram;
  final byte[] device;
  final byte[] marks;
  final List<byte[]> disks;

  Snapshot(byte[] ram, byte[] device, byte[] marks, List<byte[]> disks) {
    this.ram = ram.clone();
    this.device = device.clone();
    this.marks = marks.clone();
    this.disks = disks.stream().map(byte[]::clone).toList();
  }

  /** What a store holds, read as the guardian would. */
  public static Snapshot of(ReplicaStore store) throws IOException {
    byte[] ram = new byte[(int) store.image().ramBytes()];
    store.image().read(0, MemorySegment.ofArray(ram));
    List<byte[]> disks = new ArrayList<>();
    for (Volume volume : store.volumes().volumes()) {
      ByteBuffer disk = ByteBuffer.allocate((int) volume.sizeBytes());
      volume.readCommitted(0, disk);
      disks.add(disk.array());
    }
    byte[] device = store.deviceState().toArray(ValueLayout.JAVA_BYTE);
    assertThat(store.image().deviceState().toArray(ValueLayout.JAVA_BYTE))
        .as("device state as the image keeps it")
        .isEqualTo(device);
    return new Snapshot(ram, device, store.marks(), disks);
  }

  /** Fails where {@code found} differs. */
  public void check(Snapshot found, String what) {
    assertThat(Arrays.mismatch(found.ram, ram)).as("memory, %s", what).isEqualTo(-1);
    assertThat(Arrays.mismatch(found.device, device)).as("devices, %s", what).isEqualTo(-1);
    assertThat(found.marks).as("marks, %s", what).isEqualTo(marks);
    for (int i = 0; i < disks.size(); i++) {
      assertThat(Arrays.mismatch(found.disks.get(i), disks.get(i)))
          .as("disk %d, %s", i, what)
          .isEqualTo(-1);
    }
  }
}
