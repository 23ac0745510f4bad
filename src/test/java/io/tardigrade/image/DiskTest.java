package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @TempDir Path folder;

  @AfterEach
  void nothingHalfMadeIsLeft() throws Exception {
    try (var left = Files.newDirectoryStream(folder, Staging.TEMPORARY_PREFIX + "*")) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void newVolumeIsACleanAndSparseExt4() throws Exception {
    Path volume = folder.resolve("v.img");
    VolumeFormat.create(volume, 1L << 30);
    assertThat(Files.size(volume)).isEqualTo(1L << 30);
    assertThat(VolumeFormat.isExt4(volume)).isTrue();
    HostCommand.run(null, MINUTE, List.of("e2fsck", "-f", "-n", volume.toString()));
    String used = HostCommand.run(null, MINUTE, List.of("du", "-k", volume.toString()));
    assertThat(Long.parseLong(used.split("\t", -1)[0])).isLessThan(64 << 10);
  }

  @Test
  void volumeThatIsTooSmallIsRefusedAndLeavesNothing() {
    assertThatThrownBy(() -> VolumeFormat.create(folder.resolve("v"), 3))
        .hasMessageContaining("expected 8 MiB");
    assertThat(folder.resolve("v")).doesNotExist();
  }

  @Test
  void rawAndQcow2DisksBecomeTheSameRawDisk() throws Exception {
    Path raw = bootable("a.qcow2");
    Path qcow2 = folder.resolve("b.raw");
    qemuImg("convert", "-f", "raw", "-O", "qcow2", raw.toString(), qcow2.toString());
    for (Path source : List.of(raw, qcow2)) {
      Path target = folder.resolve("target.img");
      BootPlan plan = DiskImport.run(source, target, MINUTE);
      assertThat(plan.machine()).isEqualTo(BootPlan.Machine.Q35);
      assertThat(target).hasSameBinaryContentAs(raw);
    }
  }

  @Test
  void qcow2ThatRefersToOtherFilesIsRefused() throws Exception {
    Path raw = bootable("base");
    Path overlay = folder.resolve("overlay");
    qemuImg("create", "-q", "-f", "qcow2", "-F", "raw", "-b", raw.toString(), overlay.toString());
    refuses(overlay, "has a backing file");
    Path external = folder.resolve("external");
    String options = "data_file=" + folder.resolve("data");
    qemuImg("create", "-q", "-f", "qcow2", "-o", options, external.toString(), "1M");
    refuses(external, "keeps its data in another file");
  }

  @Test
  void brokenDisksAreRefusedInOneLineAndLeaveNothing() throws Exception {
    Path raw = bootable("raw");
    Path qcow2 = folder.resolve("q");
    qemuImg("convert", "-f", "raw", "-O", "qcow2", raw.toString(), qcow2.toString());
    byte[] whole = Files.readAllBytes(qcow2);
    Files.write(qcow2, Arrays.copyOf(whole, 60));
    refuses(qcow2, "truncated");
    byte[] table = whole.clone();
    Arrays.fill(table, 40, 48, (byte) 0x7f);
    Files.write(qcow2, table);
    refuses(qcow2, "cannot be read");
    refuses(Files.write(folder.resolve("empty"), new byte[0]), "neither");
    refuses(Files.write(folder.resolve("zeros"), new byte[1 << 20]), "boot sector");
    refuses(Files.writeString(folder.resolve("vmdk"), "KDMV" + "x".repeat(508)), "VMware");
    refuses(folder.resolve("none"), "no such file");
  }

  @Test
  void anyHeaderIsTakenOrRefusedInOneLine() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] qcow2 = new byte[512];
    System.arraycopy(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 0, qcow2, 0, 8);
    for (int round = 0; round < 20_000; round++) {
      byte[] header = Arrays.copyOf(qcow2, random.nextInt(513));
      for (int i = random.nextInt(8); i > 0 && header.length > 0; i--) {
        header[random.nextInt(header.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(DiskImport.format(header, random.nextLong(1L << 40), "x")).isIn("raw", "qcow2");
      } catch (ImageException e) {
        assertThat(e.getMessage()).as("seed %d", seed).startsWith("x ").doesNotContain("\n");
      }
    }
  }

  private void refuses(Path source, String why) {
    Path target = folder.resolve("refused");
    assertThatThrownBy(() -> DiskImport.run(source, target, MINUTE))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(why);
    assertThat(target).doesNotExist();
  }

  private Path bootable(String name) throws Exception {
    Path file = folder.resolve(name);
    try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(1 << 20);
      disk.seek(510);
      disk.write(new byte[] {0x55, (byte) 0xaa});
    }
    return file;
  }

  private static void qemuImg(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(arguments));
    HostCommand.run(null, MINUTE, command);
  }
}
