package io.tardigrade.system;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * A small disk that a PC's firmware boots: GRUB from Debian's package, a kernel, and an initial
 * file system that takes its address from DHCP and runs the probe.
 *
 * <pre>
 *   sector 0      GRUB's boot.img, with the partition table
 *   sector 1 …    GRUB's core.img
 *   1 MiB …       partition 1, ext2: /vmlinuz /initrd
 * </pre>
 */
final class BootableDisk {
  private static final int SECTOR_BYTES = 512;
  private static final int PARTITION_AT = 1 << 20;
  private static final int PARTITION_BYTES = 63 << 20;
  private static final int TABLE_AT = 446;

  private static final String INIT =
      """
      #!/bin/busybox sh
      b=/bin/busybox
      $b mount -t proc proc /proc
      $b mount -t sysfs sysfs /sys
      $b mount -t devtmpfs dev /dev
      while read -r m; do $b insmod /modules/$m; done </modules/order
      $b ip link set lo up
      $b ip link set eth0 up
      $b udhcpc -i eth0 -n -q -t 20 -s /dhcp
      exec /probe
      """;

  private static final String DHCP =
      """
      #!/bin/busybox sh
      [ "$1" = bound ] && /bin/busybox ip addr add "$ip/${mask:-24}" dev eth0
      [ "$1" = bound ] && /bin/busybox ip route add default via "$router" dev eth0
      exit 0
      """;

  private final Path folder;

  private BootableDisk(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes one.
   *
   * @param kernels folder of a guests' kernel, as in an installation's cache
   */
  static Path make(Path folder, Path kernels) throws IOException {
    return new BootableDisk(folder).make(kernels);
  }

  private Path make(Path kernels) throws IOException {
    Path kernel;
    try (DirectoryStream<Path> found = Files.newDirectoryStream(kernels, "[0-9]*")) {
      kernel = found.iterator().next();
    }
    Path files = Files.createDirectories(folder.resolve("files"));
    Files.copy(kernel.resolve("vmlinuz"), files.resolve("vmlinuz"));
    writeInitrd(files.resolve("initrd"), kernel);
    Path disk = folder.resolve("disk.img");
    Command.run(
        "mke2fs",
        "-q",
        "-t",
        "ext2",
        "-E",
        "offset=" + PARTITION_AT,
        "-d",
        files.toString(),
        disk.toString(),
        PARTITION_BYTES / 1024 + "k");
    writeBootSectors(disk);
    return disk;
  }

  private void writeInitrd(Path initrd, Path kernel) throws IOException {
    try (OutputStream file = Files.newOutputStream(initrd);
        CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(file)) {
      for (String name : List.of("bin", "dev", "proc", "sys", "modules")) {
        put(cpio, name, CpioConstants.C_ISDIR | 0755, new byte[0]);
      }
      put(cpio, "init", CpioConstants.C_ISREG | 0755, INIT.getBytes(StandardCharsets.UTF_8));
      put(cpio, "dhcp", CpioConstants.C_ISREG | 0755, DHCP.getBytes(StandardCharsets.UTF_8));
      put(cpio, "probe", CpioConstants.C_ISREG | 0755, Files.readAllBytes(Probe.program()));
      byte[] busybox = Files.readAllBytes(kernel.resolve("busybox"));
      put(cpio, "bin/busybox", CpioConstants.C_ISREG | 0755, busybox);
      byte[] order = Files.readAllBytes(kernel.resolve("order"));
      put(cpio, "modules/order", CpioConstants.C_ISREG | 0644, order);
      for (String module : new String(order, StandardCharsets.UTF_8).lines().toList()) {
        byte[] bytes = Files.readAllBytes(kernel.resolve("modules").resolve(module));
        put(cpio, "modules/" + module, CpioConstants.C_ISREG | 0644, bytes);
      }
    }
  }

  private static void put(CpioArchiveOutputStream cpio, String name, long mode, byte[] content)
      throws IOException {
    CpioArchiveEntry entry = new CpioArchiveEntry(name, content.length);
    entry.setMode(mode);
    cpio.putArchiveEntry(entry);
    cpio.write(content);
    cpio.closeArchiveEntry();
  }

  private void writeBootSectors(Path disk) throws IOException {
    Path grub = grub();
    Path modules = grub.resolve("usr/lib/grub/i386-pc");
    Path config = folder.resolve("grub.cfg");
    Files.writeString(
        config,
        """
        set root=(hd0,msdos1)
        linux /vmlinuz console=ttyS0 quiet panic=-1
        initrd /initrd
        boot
        """);
    Path core = folder.resolve("core.img");
    Command.run(
        grub.resolve("usr/bin/grub-mkimage").toString(),
        "-O",
        "i386-pc",
        "-d",
        modules.toString(),
        "-p",
        "/",
        "-c",
        config.toString(),
        "-o",
        core.toString(),
        "biosdisk",
        "part_msdos",
        "ext2",
        "linux",
        "normal");
    ByteBuffer boot = ByteBuffer.allocate(SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    boot.put(Files.readAllBytes(modules.resolve("boot.img")), 0, TABLE_AT);
    boot.put((byte) 0x80).put(new byte[3]).put((byte) 0x83).put(new byte[3]);
    boot.putInt(PARTITION_AT / SECTOR_BYTES).putInt(PARTITION_BYTES / SECTOR_BYTES);
    boot.putShort(SECTOR_BYTES - 2, (short) 0xaa55).rewind();
    byte[] rest = Files.readAllBytes(core);
    if (rest.length > PARTITION_AT - SECTOR_BYTES) {
      throw new IOException("core.img of " + rest.length + " bytes does not fit");
    }
    try (FileChannel out = FileChannel.open(disk, StandardOpenOption.WRITE)) {
      out.write(boot, 0);
      out.write(ByteBuffer.wrap(rest), SECTOR_BYTES);
    }
  }

  /** GRUB as Debian packs it, fetched once and not installed. */
  private static Path grub() throws IOException {
    Path home = Path.of("target", "guest-cache", "grub").toAbsolutePath();
    if (Files.exists(home.resolve("whole"))) {
      return home;
    }
    Files.createDirectories(home);
    String fetch =
        "cd '"
            + home
            + "' && apt-get -q download grub-common grub-pc-bin"
            + " && for p in *.deb; do dpkg-deb -x \"$p\" . || exit 1; done"
            + " && rm -f -- *.deb && touch whole";
    Command.run(List.of("sh", "-c", fetch), "", Duration.ofMinutes(3));
    return home;
  }
}
