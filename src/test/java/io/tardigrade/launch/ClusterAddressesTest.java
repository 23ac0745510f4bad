package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterAddressesTest {
  @TempDir Path folder;

  @Test
  void addressesAreThoseWrittenLastAndNoneWhereThisHostIsOfNoCluster() throws Exception {
    HostPaths paths =
        new HostPaths(folder.resolve("s"), folder.resolve("r"), folder.resolve("i"), "abc");
    ClusterAddresses.write(paths, Set.of("10.117.1.2"));
    assertThat(ClusterAddresses.read(paths)).isEmpty();
    assertThat(paths.cluster()).doesNotExist();
    Files.createDirectories(paths.cluster());
    ClusterAddresses.write(paths, Set.of("10.117.1.2", "10.117.2.9"));
    ClusterAddresses.write(paths, Set.of("10.117.2.9"));
    assertThat(ClusterAddresses.read(paths)).containsExactly("10.117.2.9");
    ClusterAddresses.write(paths, Set.of());
    assertThat(ClusterAddresses.read(paths)).isEmpty();
  }
}
