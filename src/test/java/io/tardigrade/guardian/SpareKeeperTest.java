package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.qemu.Accelerator;
import io.tardigrade.qemu.HypervisorConfig;
import io.tardigrade.qemu.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("aside")
final class SpareKeeperTest {
  @TempDir private Path dir;

  @Test
  void sparesThatDoNotStartAreTriedEverMoreSeldom() throws Exception {
    Path tries = dir.resolve("tries");
    Path qemu = Files.writeString(dir.resolve("qemu"), "#!/bin/sh\necho >>" + tries + "\nexit 1\n");
    Files.setPosixFilePermissions(qemu, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path ram = Files.createFile(dir.resolve("ram"));
    try (SpareKeeper spares = new SpareKeeper(qemu.toString(), config(ram), dir, Map.of(), null)) {
      spares.prepare(ram);
      long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      while (System.nanoTime() < end) {
        spares.check(ram);
        Thread.sleep(10);
      }
      assertThat(spares.isReady()).isFalse();
    }
    // At once, at once, after one second, after two more; the next one would be after seven.
    assertThat(count(tries)).isBetween(3, 4);
  }

  private static int count(Path tries) throws IOException {
    return Files.readAllLines(tries).size();
  }

  private HypervisorConfig config(Path ram) {
    return new HypervisorConfig(
        "kv",
        Machine.MICROVM,
        Accelerator.TCG,
        128L << 20,
        1,
        ram,
        new HypervisorConfig.DirectBoot(dir.resolve("kernel"), dir.resolve("initrd"), "quiet"),
        List.of(),
        TestGuest.MAC,
        dir,
        Path.of("/nowhere/preload.so"),
        0,
        -1,
        true);
  }
}
