package io.tardigrade.box;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * The box's initramfs, written afresh for each boot since it carries the init script: busybox, the
 * few drivers that reach the system disk, and our scripts.
 */
final class BoxInitramfs {
  private BoxInitramfs() {}

  static void write(BoxDisk disk, Path target) throws IOException {
    try (OutputStream file = Files.newOutputStream(target);
        CpioArchiveOutputStream cpio =
            new CpioArchiveOutputStream(file, CpioConstants.FORMAT_NEW, 512, "US-ASCII")) {
      for (String folder : new String[] {"bin", "dev", "modules", "root"}) {
        add(cpio, folder, CpioConstants.C_ISDIR, new byte[0]);
      }
      add(cpio, "bin/busybox", CpioConstants.C_ISREG, Files.readAllBytes(disk.busybox()));
      add(cpio, "init", CpioConstants.C_ISREG, Commands.resource("initramfs-init.sh"));
      add(cpio, "box-init.sh", CpioConstants.C_ISREG, Commands.resource("box-init.sh"));
      add(cpio, "box.env", CpioConstants.C_ISREG, environment());
      try (DirectoryStream<Path> modules = Files.newDirectoryStream(disk.modules())) {
        for (Path module : modules) {
          String name = "modules/" + module.getFileName();
          add(cpio, name, CpioConstants.C_ISREG, Files.readAllBytes(module));
        }
      }
    }
  }

  private static byte[] environment() {
    String line = "export CLASSPATH=" + BoxClassPath.current().inBox() + "\n";
    return line.getBytes(StandardCharsets.UTF_8);
  }

  private static void add(CpioArchiveOutputStream cpio, String name, int type, byte[] content)
      throws IOException {
    CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name, content.length);
    entry.setMode(type | 0755);
    cpio.putArchiveEntry(entry);
    cpio.write(content);
    cpio.closeArchiveEntry();
  }
}
