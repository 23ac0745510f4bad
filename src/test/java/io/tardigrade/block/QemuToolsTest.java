package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real clients of QEMU against the server (package qemu-utils). */
@Tag("system")
@Timeout(120)
class QemuToolsTest {
  private static final long SIZE = 64L << 20;

  @TempDir private Path dir = Path.of("unset");

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), output).isZero();
    return output;
  }

  private static String qemuIo(String uri, String... commands)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw", "-d", "unmap"));
    for (String each : commands) {
      command.add("-c");
      command.add(each);
    }
    command.add(uri);
    String output = run(command.toArray(String[]::new));
    assertThat(output).doesNotContain("failed").doesNotContain("rror");
    return output;
  }

  @Test
  void qemusOwnToolsFindTheDiskSound() throws Exception {
    Path base = dir.resolve("data.img");
    try (RandomAccessFile file = new RandomAccessFile(base.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    Path socket = dir.resolve("nbd.sock");
    String uri = "nbd+unix:///disk?socket=" + socket;
    try (Volume volume = Volume.open(base, dir.resolve("data.log"));
        NbdServer server =
            NbdServer.listen(
                socket,
                Map.of("disk", new Export(volume, false), "rom", new Export(volume, true)),
                -1)) {
      assertThat(server).isNotNull();
      assertThat(run("qemu-nbd", "--list", "-k", socket.toString()))
          .contains("export: 'disk'", "export: 'rom'", "size:  67108864", "fast-zero", "fua");
      qemuIo(
          uri,
          "write -P 0x11 0 32M",
          "aio_write -P 0x22 4k 64k",
          "aio_write -P 0x23 1M 8k",
          "aio_flush",
          "write -f -P 0x33 8M 512",
          "write -z 2M 1M",
          "write -z -u 4M 64k",
          "discard 6M 128k",
          "flush",
          "read -P 0x11 0 4k",
          "read -P 0x22 4k 64k",
          "read -P 0x23 1M 8k",
          "read -P 0x33 8M 512",
          "read -P 0 2M 1M",
          "read -P 0 4M 64k",
          "read -P 0 6M 128k",
          "read -P 0x11 16M 16M");
      assertThat(Arrays.equals(Files.readAllBytes(base), new byte[(int) SIZE])).isTrue();
      volume.closeEpoch(1);
      qemuIo(uri, "write -P 0x77 0 1M");
      volume.prepare(1);
      volume.commit(1);
      volume.rollback();
      qemuIo(uri, "read -P 0x11 0 4k", "read -P 0x22 4k 64k");
      run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x23 1M 8k", uri.replace("disk", "rom"));
      convertThereAndBack(uri);
      volume.closeEpoch(2);
      volume.prepare(2);
      volume.commit(2);
    }
    run("qemu-img", "compare", "-f", "raw", "-F", "raw", base.toString(), source().toString());
  }

  private Path source() {
    return dir.resolve("source.img");
  }

  private void convertThereAndBack(String uri) throws IOException, InterruptedException {
    byte[] content = new byte[(int) SIZE];
    new Random(5).nextBytes(content);
    Arrays.fill(content, 8 << 20, 40 << 20, (byte) 0);
    Files.write(source(), content);
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source().toString(), uri);
    run("qemu-img", "compare", "-f", "raw", "-F", "raw", source().toString(), uri);
  }
}
