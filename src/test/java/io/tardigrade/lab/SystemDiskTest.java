package io.tardigrade.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where the boxes of other tests look for it, so that they find it made. */
@Tag("system")
@Tag("aside")
final class SystemDiskTest {
  @Test
  void whoeverWantsItAtOnceGetsTheSameMadeOnce() throws Exception {
    Path cache =
        Files.createDirectories(Path.of(System.getProperty("tardigrade.box.cache", "target/box")));
    ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();
    CompletableFuture<SystemDisk> other =
        CompletableFuture.supplyAsync(() -> {
          try {
            return SystemDisk.obtain(cache, Set.of(), said::add);
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    SystemDisk disk = SystemDisk.obtain(cache, Set.of(), said::add);

    assertThat(other.get()).isEqualTo(disk);
    assertThat(said.stream().filter(line -> line.startsWith("making the lab's")))
        .hasSizeLessThan(2);
    assertThat(disk.kernel()).endsWith("-amd64");
    for (String name : List.of("vmlinuz", "initrd", "root.img")) {
      assertThat(disk.image().resolveSibling(name)).isNotEmptyFile();
    }
    assertThat(disk.image().resolveSibling("jre/bin/java")).isExecutable();
  }
}
