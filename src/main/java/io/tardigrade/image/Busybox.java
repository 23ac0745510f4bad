package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The statically linked busybox that runs inside guests: the host's own, or Debian's package. */
final class Busybox {
  private static final List<Path> PLACES =
      List.of(Path.of("/bin/busybox"), Path.of("/usr/bin/busybox"));

  private Busybox() {}

  /** Puts a static busybox at {@code target}; {@code scratch} is a folder to unpack things in. */
  static void copyTo(Path target, Path scratch) throws IOException {
    for (Path place : PLACES) {
      if (isStatic(place)) {
        Files.copy(place, target);
        return;
      }
    }
    Path unpacked = Files.createTempDirectory(scratch, "busybox-");
    DebianPackage.unpack("busybox-static", unpacked);
    for (Path place : PLACES) {
      Path packed = unpacked.resolve(Path.of("/").relativize(place));
      if (isStatic(packed)) {
        Files.copy(packed, target);
        return;
      }
    }
    throw new ImageException("Debian's package busybox-static holds no static /bin/busybox");
  }

  private static boolean isStatic(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    ElfFile elf = ElfFile.readIfElf(file);
    return elf != null && elf.interpreter() == null && elf.needed().isEmpty();
  }
}
