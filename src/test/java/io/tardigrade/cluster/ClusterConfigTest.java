package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterConfigTest {
  @TempDir Path state;

  private HostPaths paths() throws IOException {
    HostPaths paths = HostPaths.of(Map.of("TARDIGRADE_STATE", state.toString()));
    Files.createDirectories(paths.cluster());
    return paths;
  }

  static ClusterConfig config() {
    return new ClusterConfig(
        1, "1f3c9a20", "h1", 1, "east", "full", "10.9.0.1", 7420, "10.117.0.0/16", null);
  }

  @Test
  void hostOfNoClusterHasNone() throws IOException {
    assertThat(ClusterConfig.read(paths())).isEmpty();
  }

  @Test
  void whatIsWrittenIsReadAndOnlyRootMayReadIt() throws IOException {
    HostPaths paths = paths();
    config().write(paths.cluster());
    assertThat(ClusterConfig.read(paths)).contains(config());
    Path file = paths.cluster().resolve("host.json");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file)).contains("\"cluster\" : \"1f3c9a20\"");
  }

  @Test
  void serversAreOneLineAndNothingElseIsTakenForThem() throws IOException {
    HostPaths paths = paths();
    ClusterConfig.writeServers(paths.cluster(), "10.9.0.1:7421,10.9.0.2:7421");
    assertThat(config().servers(paths)).isEqualTo("10.9.0.1:7421,10.9.0.2:7421");
    assertThatThrownBy(() -> ClusterConfig.writeServers(paths.cluster(), "nonsense"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ADDRESS:PORT");
    assertThat(config().servers(paths)).isEqualTo("10.9.0.1:7421,10.9.0.2:7421");
  }

  @Test
  void whatMakesNoSenseIsRefusedInOneLine() throws IOException {
    HostPaths paths = paths();
    String good = Json.line(config());
    for (String[] change :
        new String[][] {
          {"\"version\":1", "\"version\":2"},
          {"1f3c9a20", "../../x"},
          {"\"h1\"", "\"H 1\""},
          {"\"number\":1", "\"number\":0"},
          {"\"east\"", "\"ea/st\""},
          {"\"full\"", "\"half\""},
          {"10.9.0.1", "example"},
          {"7420", "70000"},
          {"10.117.0.0/16", "all"},
        }) {
      String bad = good.replace(change[0], change[1]);
      assertThat(bad).isNotEqualTo(good);
      Files.writeString(paths.cluster().resolve("host.json"), bad);
      assertThatThrownBy(() -> ClusterConfig.read(paths))
          .isInstanceOf(IOException.class)
          .message()
          .satisfies(text -> assertThat(text.lines()).hasSize(1));
    }
  }

  @Test
  void damagedFileIsAnErrorAndNothingWorse() throws IOException {
    HostPaths paths = paths();
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] good = Json.line(config()).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 3_000; i++) {
      byte[] bad = good.clone();
      for (int change = random.nextInt(4); change >= 0; change--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      Files.write(paths.cluster().resolve("host.json"), bad);
      try {
        assertThat(ClusterConfig.read(paths)).as("seed %d", seed).isPresent();
      } catch (IOException e) {
        assertThat(e.getMessage()).as("seed %d", seed).isNotBlank();
      }
    }
  }
}
