package io.tardigrade.qemu;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one hypervisor process is started with. Two processes of the same guest differ only in
 * {@code runDir} and {@code incoming}: the state of one then fits the other.
 *
 * @param guest name of the guest, shown in the process list
 * @param machine kind of machine
 * @param accelerator what executes guest code
 * @param ramBytes guest RAM, a multiple of 4096
 * @param vcpus number of virtual CPUs
 * @param ramFile the committed image, mapped privately
 * @param boot kernel to start directly, or null to boot from the first disk
 * @param disks block devices, in the order the guest sees them
 * @param mac Ethernet address
 * @param runDir where the guardian listens for this process: {@code qmp net console control track
 *     nbd} (.sock)
 * @param preload the native helper that hands over a userfaultfd
 * @param userId unprivileged user and group that it runs as
 * @param kvmGroupId group that may open /dev/kvm, or -1
 * @param incoming true for a spare, which waits for device state and touches no RAM until then
 */
public record HypervisorConfig(
    String guest,
    Machine machine,
    Accelerator accelerator,
    long ramBytes,
    int vcpus,
    Path ramFile,
    @Nullable DirectBoot boot,
    List<Disk> disks,
    String mac,
    Path runDir,
    Path preload,
    int userId,
    int kvmGroupId,
    boolean incoming) {

  /** A kernel started without firmware. */
  public record DirectBoot(Path kernel, Path initrd, String commandLine) {}

  /**
   * A block device served by the guardian under {@code name}.
   *
   * @param serial the serial number the guest sees, at most 20 characters
   */
  public record Disk(String name, String serial, boolean readOnly) {}

  public HypervisorConfig {
    disks = List.copyOf(disks);
  }

  /** The same guest with other run directory and image, as a spare or not. */
  public HypervisorConfig in(Path dir, Path image, boolean asSpare) {
    return new HypervisorConfig(
        guest,
        machine,
        accelerator,
        ramBytes,
        vcpus,
        image,
        boot,
        disks,
        mac,
        dir,
        preload,
        userId,
        kvmGroupId,
        asSpare);
  }
}
