package io.tardigrade.monitor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads space of file systems, and what drivers say of disks in /sys: SCSI's error count and state,
 * NVMe's controller state, md's array state, ext4's error count. SMART needs a program of its own
 * and is not read.
 */
final class DiskSource {
  private static final int ENTRIES_MAX = 256;

  private final Path sys;
  private final List<Path> fileSystems;

  DiskSource(Path sys, List<Path> fileSystems) {
    this.sys = sys;
    this.fileSystems = List.copyOf(fileSystems);
  }

  List<DiskSample> read() throws IOException, UnreadableException {
    List<DiskSample> samples = new ArrayList<>();
    for (Path path : fileSystems) {
      if (Files.exists(path)) {
        FileStore store = Files.getFileStore(path);
        samples.add(
            new DiskSample(path.toString(), store.getTotalSpace(), store.getUsableSpace(), 0, ""));
      }
    }
    for (Path disk : entries(sys.resolve("block"))) {
      add(samples, "block", disk, disk.resolve("device/ioerr_cnt"), disk.resolve("device/state"));
      add(samples, "block", disk, disk.resolve("none"), disk.resolve("md/array_state"));
    }
    for (Path controller : entries(sys.resolve("class/nvme"))) {
      add(samples, "nvme", controller, controller.resolve("none"), controller.resolve("state"));
    }
    for (Path ext4 : entries(sys.resolve("fs/ext4"))) {
      add(samples, "ext4", ext4, ext4.resolve("errors_count"), ext4.resolve("none"));
    }
    return samples;
  }

  private static void add(
      List<DiskSample> samples, String kind, Path entry, Path errors, Path state)
      throws IOException, UnreadableException {
    String errorText = BoundedFile.readIfThere(errors);
    String stateText = BoundedFile.readIfThere(state).strip();
    if (!errorText.isEmpty() || !stateText.isEmpty()) {
      String name = kind + "/" + entry.getFileName();
      samples.add(
          new DiskSample(
              name,
              0,
              0,
              errorText.isEmpty() ? 0 : Counter.parse(name, errorText),
              stateText.length() > 32 ? stateText.substring(0, 32) : stateText));
    }
  }

  private static List<Path> entries(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        for (Path entry : entries) {
          if (found.size() < ENTRIES_MAX) {
            found.add(entry);
          }
        }
      }
      found.sort(null);
    }
    return found;
  }
}
