package io.tardigrade.launch;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.image.BootPlan;
import io.tardigrade.image.DiskImport;
import io.tardigrade.image.GuestKernel;
import io.tardigrade.image.GuestNetwork;
import io.tardigrade.image.GuestSettings;
import io.tardigrade.image.GuestVolume;
import io.tardigrade.image.Initramfs;
import io.tardigrade.image.OciArchive;
import io.tardigrade.image.VolumeFormat;
import io.tardigrade.linux.Linux;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.qemu.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Makes what guests boot from out of this host's programs, archives and disks. */
public final class HostImageMaker implements ImageMaker {
  private static final int STOP_GRACE_SECONDS = 10;
  private static final long ARCHIVE_SLACK_BYTES = 1L << 30;
  private static final Duration DISK_TIME_MAX = Duration.ofHours(2);

  private final HostPaths paths;

  /** Keeps the guests' kernel in the cache of these paths. */
  public HostImageMaker(HostPaths paths) {
    this.paths = paths;
  }

  @Override
  public Boot make(LaunchRequest request, Addressing.Place place, Path folder) throws IOException {
    BootPlan plan = plan(request, place, folder);
    return new Boot(
        Machine.valueOf(plan.machine().name()),
        plan.kernel() == null ? null : keep(plan.kernel(), folder),
        plan.initrd() == null ? null : own(plan.initrd(), place),
        plan.kernel() == null ? null : commandLine(request, plan),
        plan.rootDisk() == null ? null : String.valueOf(plan.rootDisk().getFileName()));
  }

  private BootPlan plan(LaunchRequest request, Addressing.Place place, Path folder)
      throws IOException {
    Path initrd = folder.resolve("initrd");
    Path rootDisk = folder.resolve("root.img");
    return switch (request.source()) {
      case GuestSource.Program program ->
          new Initramfs(kernel())
              .build(
                  initrd,
                  settings(request, place, program.environment()),
                  program.command(),
                  program.searchPath(),
                  program.added().stream().map(f -> f.source() + ":" + f.destination()).toList());
      case GuestSource.Archive archive ->
          new OciArchive(kernel())
              .build(
                  archive.file(),
                  initrd,
                  rootDisk,
                  settings(request, place, archive.environment()),
                  archive.command(),
                  ARCHIVE_SLACK_BYTES);
      case GuestSource.Disk disk -> DiskImport.run(disk.file(), rootDisk, DISK_TIME_MAX);
    };
  }

  private GuestKernel kernel() throws IOException {
    return GuestKernel.obtain(paths.cache());
  }

  private static GuestSettings settings(
      LaunchRequest request, Addressing.Place place, Map<String, String> environment) {
    try {
      return new GuestSettings(
          request.name(),
          environment,
          null,
          null,
          new GuestNetwork(
              place.address(), place.prefixLength(), place.gateway(), place.nameservers()),
          request.volumes().stream().map(v -> new GuestVolume(v.name(), v.path())).toList(),
          STOP_GRACE_SECONDS);
    } catch (IllegalArgumentException e) {
      throw (UsageException) new UsageException(String.valueOf(e.getMessage())).initCause(e);
    }
  }

  private static String commandLine(LaunchRequest request, BootPlan plan) throws IOException {
    String clock = BootPlan.clockArgument();
    return request.accelerator() == Accelerator.TCG && !clock.isEmpty()
        ? plan.withKernelArguments(List.of(clock)).commandLine()
        : plan.commandLine();
  }

  /** The guest keeps its kernel, whatever becomes of the cache. */
  private static String keep(Path kernel, Path folder) throws IOException {
    Path kept = folder.resolve("vmlinuz");
    Files.copy(kernel, kept);
    Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rw-r--r--"));
    return "vmlinuz";
  }

  /** Only the guest's own hypervisor may read its initial file system, which may hold secrets. */
  private static String own(Path initrd, Addressing.Place place) throws IOException {
    Files.setPosixFilePermissions(initrd, PosixFilePermissions.fromString("r--------"));
    int owner = GuestFactory.USER_ID_FIRST + place.index();
    Linux.chown(initrd, owner, owner);
    return String.valueOf(initrd.getFileName());
  }

  @Override
  public void makeVolume(Path file, String name, long bytes) throws IOException {
    VolumeFormat.create(file, bytes);
  }
}
