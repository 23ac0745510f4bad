package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The small Debian kernel that guests boot, with the few modules they need and a static busybox. It
 * is fetched from Debian's archive into a cache folder; nothing is installed on the host.
 *
 * <pre>
 *   CACHE/kernel/RELEASE/vmlinuz
 *                       /busybox
 *                       /modules/NAME.ko
 *                       /order            names of the modules, one a line, in the order of insmod
 * </pre>
 *
 * @param vmlinuz the kernel, a bzImage
 * @param busybox a statically linked busybox
 * @param release the kernel's release, as {@code uname -r} tells it in the guest
 * @param modules decompressed modules, in an order in which they can be inserted
 */
public record GuestKernel(Path vmlinuz, Path busybox, String release, List<Path> modules) {
  private static final String META_PACKAGE = "linux-image-cloud-amd64";

  // Transports, disk and network; then what turns the ACPI power button into an input event.
  private static final List<String> MODULES =
      List.of(
          "virtio_mmio",
          "virtio_pci",
          "virtio_blk",
          "virtio_net",
          "virtio_console",
          "evdev",
          "button",
          "ext4");

  // Checksums of ext4, under the names that kernels have had for them.
  private static final List<String> OPTIONAL_MODULES = List.of("libcrc32c", "crc32c_generic");

  public GuestKernel {
    modules = List.copyOf(modules);
  }

  /**
   * The kernel in {@code cacheFolder}, fetched first when it is not there. Takes seconds the first
   * time and needs Debian's archive then; afterwards it needs no network. Safe to call from several
   * threads and processes at once, and after a run that was cut off.
   *
   * @throws ImageException in one line, when the kernel cannot be had
   */
  public static GuestKernel obtain(Path cacheFolder) throws IOException {
    Path home = cacheFolder.resolve("kernel");
    GuestKernel cached = newest(home);
    if (cached != null) {
      return cached;
    }
    return Staging.locked(home.resolve(".lock"), () -> fetch(home));
  }

  private static GuestKernel fetch(Path home) throws IOException {
    GuestKernel fetchedMeanwhile = newest(home);
    if (fetchedMeanwhile != null) {
      return fetchedMeanwhile;
    }
    Staging.sweep(home);
    String name = DebianPackage.dependency(META_PACKAGE, "linux-image-");
    String release = name.substring("linux-image-".length());
    // Whatever has that name is not whole, or it would have been found.
    Staging.deleteTree(home.resolve(release));
    Path unpacked = Staging.temporaryFolder(home);
    try {
      DebianPackage.unpack(name, unpacked);
      Staging.folder(home.resolve(release), folder -> fill(unpacked, release, folder));
    } finally {
      Staging.deleteTree(unpacked);
    }
    GuestKernel kernel = newest(home);
    if (kernel == null) {
      throw new ImageException("the package " + name + " holds no kernel that guests can boot");
    }
    return kernel;
  }

  private static void fill(Path unpacked, String release, Path folder) throws IOException {
    Path boot = unpacked.resolve("boot").resolve("vmlinuz-" + release);
    Path modules =
        Stream.of("lib/modules/", "usr/lib/modules/")
            .map(parent -> unpacked.resolve(parent + release))
            .filter(Files::isDirectory)
            .findFirst()
            .orElseThrow(() -> new ImageException("kernel " + release + " came with no modules"));
    if (!Files.isRegularFile(boot)) {
      throw new ImageException("the kernel package " + release + " holds no " + boot.getFileName());
    }
    Files.copy(boot, folder.resolve("vmlinuz"));
    Busybox.copyTo(folder.resolve("busybox"), unpacked);
    Path target = Files.createDirectory(folder.resolve("modules"));
    List<String> order = new ArrayList<>();
    for (Path module : new KernelModules(modules).extract(OPTIONAL_MODULES, MODULES, target)) {
      order.add(module.getFileName().toString());
    }
    Files.write(folder.resolve("order"), order);
  }

  private static @Nullable GuestKernel newest(Path home) throws IOException {
    if (!Files.isDirectory(home)) {
      return null;
    }
    List<Path> found = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(home, entry -> isWhole(entry))) {
      entries.forEach(found::add);
    }
    if (found.isEmpty()) {
      return null;
    }
    Path folder = found.stream().max(GuestKernel::byTime).orElseThrow();
    List<Path> modules =
        Files.readAllLines(folder.resolve("order")).stream()
            .map(name -> folder.resolve("modules").resolve(name))
            .toList();
    return new GuestKernel(
        folder.resolve("vmlinuz"),
        folder.resolve("busybox"),
        folder.getFileName().toString(),
        modules);
  }

  private static boolean isWhole(Path folder) {
    return !folder.getFileName().toString().startsWith(".")
        && Files.isRegularFile(folder.resolve("vmlinuz"))
        && Files.isRegularFile(folder.resolve("busybox"))
        && Files.isRegularFile(folder.resolve("order"));
  }

  private static int byTime(Path a, Path b) {
    return Long.compare(a.toFile().lastModified(), b.toFile().lastModified());
  }
}
