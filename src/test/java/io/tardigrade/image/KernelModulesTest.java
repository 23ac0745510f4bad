package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelModulesTest {
  @TempDir Path folder;
  private Path modules;
  private Path target;

  @BeforeEach
  void folders() throws Exception {
    modules = Files.createDirectory(folder.resolve("modules"));
    Files.createDirectories(modules.resolve("kernel/drivers"));
    target = Files.createDirectory(folder.resolve("target"));
  }

  @Test
  void moduleComesAfterWhatItNeedsAndOnlyOnce() throws Exception {
    module("virtio_net", "net-failover,virtio");
    module("net-failover", "failover");
    module("failover", "");
    module("virtio", "");
    Files.writeString(modules.resolve("modules.builtin"), "kernel/fs/ext4/ext4.ko\n");
    assertThat(extract("virtio", "virtio_net", "ext4"))
        .containsExactly("virtio.ko", "failover.ko", "net_failover.ko", "virtio_net.ko");
  }

  @Test
  void compressedModulesAreDecompressed() throws Exception {
    Path plain = module("virtio", "");
    HostCommand.run(null, Duration.ofSeconds(20), List.of("xz", "-q", plain.toString()));
    assertThat(extract("virtio")).containsExactly("virtio.ko");
    assertThat(KernelModules.depends(Files.readAllBytes(target.resolve("virtio.ko")))).isEmpty();
  }

  @Test
  void missingModuleAndCircleAreNamed() throws Exception {
    module("a", "b");
    module("b", "a");
    assertThatThrownBy(() -> extract("a")).hasMessageContaining("depend on each other");
    assertThatThrownBy(() -> extract("zzz")).hasMessageContaining("no module zzz");
  }

  private List<String> extract(String... wanted) throws Exception {
    return new KernelModules(modules)
        .extract(List.of("libcrc32c"), List.of(wanted), target).stream()
            .map(p -> target.relativize(p).toString())
            .toList();
  }

  private Path module(String name, String depends) throws Exception {
    byte[] bytes =
        ("\u007fELF\0license=GPL\0depends=" + depends + "\0name=x\0")
            .getBytes(StandardCharsets.ISO_8859_1);
    return Files.write(modules.resolve("kernel/drivers/" + name + ".ko"), bytes);
  }
}
