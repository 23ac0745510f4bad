package io.tardigrade.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaSpecTest {
  @TempDir Path folder;
  private HostPaths paths;

  @BeforeEach
  void begin() throws IOException {
    paths = HostPaths.of(Map.of("TARDIGRADE_STATE", folder.toString()));
    Files.createDirectories(paths.guest("kv"));
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    assertThat(ReplicaSpec.read(paths, "kv")).isEmpty();
    ReplicaSpec spec = ReplicaSpec.of("kv", 0x5f3a0c1eL, 2, true);
    assertThat(spec.id()).isEqualTo("kv-5f3a0c1e");
    spec.write(paths, "kv");
    assertThat(Files.readString(paths.guest("kv").resolve("replica.json")))
        .contains("\"id\" : \"kv-5f3a0c1e\"", "\"life\" : 1597639710", "\"founds\" : true");
    assertThat(ReplicaSpec.read(paths, "kv")).contains(spec);
    ReplicaSpec.delete(paths, "kv");
    assertThat(ReplicaSpec.read(paths, "kv")).isEmpty();
  }

  @Test
  void whatIsOfAnotherGuestOrLifeOrVersionIsRefused() throws IOException {
    ReplicaSpec.of("other", 7, 1, false).write(paths, "kv");
    assertThatThrownBy(() -> ReplicaSpec.read(paths, "kv")).hasMessageContaining("one of kv");
    new ReplicaSpec(2, "kv-00000007", 7, 1, false).write(paths, "kv");
    assertThatThrownBy(() -> ReplicaSpec.read(paths, "kv")).hasMessageContaining("version 2");
    assertThatThrownBy(() -> new ReplicaSpec(1, "kv-00000008", 7, 1, false))
        .hasMessageContaining("of life 7");
    assertThatThrownBy(() -> ReplicaSpec.of("kv", 7, 9, false)).hasMessageContaining("9 backups");
    assertThatThrownBy(() -> ReplicaSpec.of("kv", 0, 1, false)).hasMessageContaining("life 0");
  }
}
