package io.tardigrade.guardian;

import io.tardigrade.block.Export;
import io.tardigrade.block.Volume;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.image.BootPlan;
import io.tardigrade.image.GuestVolume;
import io.tardigrade.linux.NativeHelpers;
import io.tardigrade.qemu.HostFacts;
import io.tardigrade.qemu.HypervisorConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The disks of a guest, in the order in which its hypervisors, and all hosts, count them. */
final class GuestDisks {
  /** The root disk's name towards the hypervisor; no volume can have it. */
  static final String ROOT_DISK = ".root";

  private final List<GuestDisk> disks;

  /**
   * One disk.
   *
   * @param serial by which the guest knows it
   */
  record GuestDisk(String name, String serial, Path base, Path log) {}

  private GuestDisks(List<GuestDisk> disks) {
    this.disks = List.copyOf(disks);
  }

  static GuestDisks of(HostPaths paths, GuestSpec spec) {
    List<GuestDisk> disks = new ArrayList<>();
    String root = spec.rootDisk();
    if (root != null) {
      Path file = Path.of(root);
      Path log = file.resolveSibling(file.getFileName() + ".log");
      disks.add(new GuestDisk(ROOT_DISK, BootPlan.ROOT_SERIAL, file, log));
    }
    for (GuestSpec.VolumeMount mount : spec.volumes()) {
      Path file = paths.volumes().resolve(mount.volume() + ".img");
      Path log = paths.volumes().resolve(mount.volume() + ".log");
      disks.add(new GuestDisk(mount.volume(), GuestVolume.serial(mount.volume()), file, log));
    }
    return new GuestDisks(disks);
  }

  List<GuestDisk> disks() {
    return disks;
  }

  /** Opens them all, or none. */
  VolumeSet open() throws IOException {
    List<Volume> opened = new ArrayList<>();
    try {
      for (GuestDisk disk : disks) {
        opened.add(Volume.open(disk.base(), disk.log()));
      }
      return new VolumeSet(opened);
    } catch (IOException e) {
      for (Volume volume : opened) {
        volume.close();
      }
      throw e;
    }
  }

  /** Starts and keeps hypervisors of the guest on these volumes, which are its disks. */
  SpareKeeper spares(HostPaths paths, GuestSpec spec, VolumeSet volumes, Path ramFile)
      throws IOException {
    Path run = paths.guestRun(spec.name());
    Map<String, Export> exports = new LinkedHashMap<>();
    for (int i = 0; i < disks.size(); i++) {
      exports.put(disks.get(i).name(), new Export(volumes.volumes().get(i), false));
    }
    return new SpareKeeper(
        HostFacts.qemu(), template(spec, ramFile, run), run, exports, spec.engine());
  }

  private HypervisorConfig template(GuestSpec spec, Path ramFile, Path run) throws IOException {
    String kernel = spec.kernel();
    String initrd = spec.initrd();
    String commandLine = spec.kernelCommandLine();
    HypervisorConfig.@Nullable DirectBoot boot =
        kernel == null || initrd == null || commandLine == null
            ? null
            : new HypervisorConfig.DirectBoot(Path.of(kernel), Path.of(initrd), commandLine);
    return new HypervisorConfig(
        spec.name(),
        spec.machine(),
        spec.accelerator(),
        spec.memoryBytes(),
        spec.vcpus(),
        ramFile,
        boot,
        disks.stream()
            .map(disk -> new HypervisorConfig.Disk(disk.name(), disk.serial(), false))
            .toList(),
        spec.mac(),
        run,
        NativeHelpers.preload(),
        spec.userId(),
        HostFacts.kvmGroup(),
        false);
  }
}
