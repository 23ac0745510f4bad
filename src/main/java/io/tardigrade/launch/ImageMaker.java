package io.tardigrade.launch;

import io.tardigrade.qemu.Machine;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Makes what a guest boots from, and file systems for volumes. */
public interface ImageMaker {
  /**
   * What a guest boots from: a kernel with its initial file system, or a disk.
   *
   * @param kernel name of a file in the guest's folder, or null to boot from the disk
   * @param initrd name of a file in the guest's folder
   * @param rootDisk name of a file in the guest's folder
   */
  record Boot(
      Machine machine,
      @Nullable String kernel,
      @Nullable String initrd,
      @Nullable String commandLine,
      @Nullable String rootDisk) {}

  /**
   * Makes the files of a guest in {@code folder}; what a failure leaves there, the caller deletes.
   */
  Boot make(LaunchRequest request, Addressing.Place place, Path folder) throws IOException;

  /** Makes a volume; on failure nothing is left. */
  void makeVolume(Path file, String name, long bytes) throws IOException;
}
