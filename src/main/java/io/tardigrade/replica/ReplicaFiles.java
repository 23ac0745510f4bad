package io.tardigrade.replica;

import io.tardigrade.block.Volume;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.linux.LinuxFile;
import io.tardigrade.replication.PageCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a guest's replica lies, and how large it is.
 *
 * @param folder for what the store keeps beside image and disks; in memory, as the image
 * @param image the folder of the committed image
 * @param ramBytes a positive multiple of 4096
 */
public record ReplicaFiles(Path folder, Path image, long ramBytes, List<Disk> disks) {
  /** The most disks of a guest. */
  public static final int DISKS_MAX = 64;

  /**
   * One of the guest's disks, in the order that is the same on each host.
   *
   * @param keptAs where it goes when the replica is dropped, unless there is one already; null
   *     where it is deleted, having been made for the replica
   */
  public record Disk(Path base, Path log, long bytes, @Nullable Path keptAs) {}

  /** Checks the bounds. */
  public ReplicaFiles {
    disks = List.copyOf(disks);
    if (disks.size() > DISKS_MAX) {
      throw new IllegalArgumentException(disks.size() + " disks, at most " + DISKS_MAX);
    }
  }

  UnitMap map() {
    return new UnitMap(ramBytes / PageCodec.UNIT_BYTES, disks.stream().map(Disk::bytes).toList());
  }

  VolumeSet openVolumes() throws IOException {
    List<Volume> opened = new ArrayList<>();
    try {
      for (Disk disk : disks) {
        Volume volume = Volume.open(disk.base(), disk.log());
        opened.add(volume);
        if (volume.sizeBytes() != disk.bytes()) {
          throw new IOException(
              disk.base()
                  + " has "
                  + volume.sizeBytes()
                  + " bytes, the guest's disk has "
                  + disk.bytes());
        }
      }
      return new VolumeSet(opened);
    } catch (IOException e) {
      for (Volume volume : opened) {
        volume.close();
      }
      throw e;
    }
  }

  /**
   * Opens disks for epochs to be counted from the first on. Those that are missing are of zeroes,
   * and take no space yet.
   */
  VolumeSet beginVolumes() throws IOException {
    for (Disk disk : disks) {
      if (!Files.exists(disk.base())) {
        try (LinuxFile file = LinuxFile.openOrCreate(disk.base())) {
          file.truncate(disk.bytes());
        }
      }
    }
    VolumeSet volumes = openVolumes();
    try {
      volumes.recoverTo(volumes.lastPrepared());
      volumes.begin(0);
      return volumes;
    } catch (IOException e) {
      volumes.close();
      throw e;
    }
  }

  void deleteVolumes() throws IOException {
    for (Disk disk : disks) {
      Path aside = disk.keptAs();
      if (aside != null && !Files.exists(aside) && Files.exists(disk.base())) {
        Files.move(disk.base(), aside);
      }
      Volume.delete(disk.base(), disk.log());
    }
  }

  void deleteImage() throws IOException {
    if (Files.isDirectory(image)) {
      CommittedImage.delete(image);
    }
  }
}
