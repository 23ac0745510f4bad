package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("system")
class GuestKernelSystemTest {
  @TempDir Path folder;

  @Test
  void kernelIsFetchedOnceByConcurrentCallersAfterARunThatWasCutOff() throws Exception {
    Path home = Files.createDirectory(folder.resolve("kernel"));
    Files.createDirectory(home.resolve(Staging.TEMPORARY_PREFIX + "old"));
    Files.createDirectories(home.resolve("6.1.0-0-half-made/modules"));
    List<GuestKernel> kernels = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<GuestKernel>> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        calls.add(threads.submit(() -> GuestKernel.obtain(folder)));
      }
      for (Future<GuestKernel> call : calls) {
        kernels.add(call.get());
      }
    }
    assertThat(kernels).containsOnly(kernels.getFirst());
    GuestKernel kernel = kernels.getFirst();
    assertThat(kernel.vmlinuz()).isRegularFile();
    assertThat(kernel.modules()).allMatch(Files::isRegularFile);
    List<String> order =
        kernel.modules().stream().map(p -> String.valueOf(p.getFileName())).toList();
    assertThat(order).containsSubsequence("virtio_ring.ko", "virtio.ko", "virtio_blk.ko");
    assertThat(order).containsSubsequence("failover.ko", "net_failover.ko", "virtio_net.ko");
    try (Stream<Path> left = Files.list(home)) {
      assertThat(left.filter(p -> p.toString().contains(Staging.TEMPORARY_PREFIX))).isEmpty();
    }
  }
}
