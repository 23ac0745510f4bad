package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.ReplicaSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaKeeperTest {
  @TempDir Path folder;
  private final FakeHost network = new FakeHost();
  private HostPaths here;
  private GuestDefinition guest;
  private ReplicaKeeper keeper;

  @BeforeEach
  void setUp() throws IOException {
    guest = DefinedGuest.of(folder);
    here = DefinedGuest.paths(folder, "here");
    keeper = new ReplicaKeeper(here, network);
  }

  private static void fetch(String file, Path to) throws IOException {
    Files.writeString(to, "bytes of " + file);
  }

  private void create() throws IOException {
    keeper.create(GuestDefinition.decode(guest.encode()), ReplicaKeeperTest::fetch);
  }

  private List<Path> left() throws IOException {
    List<Path> left = new ArrayList<>();
    for (Path under : List.of(here.guests(), here.volumes(), here.images())) {
      if (Files.isDirectory(under)) {
        try (var files = Files.newDirectoryStream(under, p -> !p.endsWith("lock"))) {
          files.forEach(left::add);
        }
      }
    }
    return left;
  }

  @Test
  void hostThatKeepsAReplicaHasAllToRunTheGuest() throws IOException {
    create();
    GuestSpec spec = GuestFiles.of(here, "kv").spec();
    assertThat(spec.kernel()).isEqualTo(here.guest("kv").resolve("vmlinuz").toString());
    assertThat(Path.of(String.valueOf(spec.initrd()))).hasContent("bytes of initrd");
    assertThat(spec.address()).isEqualTo(guest.spec().address());
    assertThat(here.volumes().resolve("data.img")).hasSize(guest.diskBytes().getFirst());
    assertThat(GuestFiles.of(here, "kv").desiredRunning()).isTrue();
    assertThat(ReplicaSpec.read(here, "kv")).contains(ReplicaSpec.of("kv", 7, 2, true).founded());
  }

  @Test
  void nothingIsLeftOfAReplicaThatIsDropped() throws IOException {
    create();
    Files.createDirectories(here.images().resolve("kv.replica"));
    keeper.drop("kv");
    assertThat(left()).isEmpty();
    assertThat(network.places).isEmpty();
  }

  @Test
  void volumeThatWasHereBeforeTheReplicaIsKeptAndTheReplicasOwnIsNot() throws IOException {
    create();
    // As on the host that the guest was first on, which has made no disk for a replica.
    Files.delete(here.guest("kv").resolve("volumes-of-replica"));
    String precious = "precious".repeat(64);
    Files.writeString(here.volumes().resolve("data.img"), precious);
    String keptName = Volumes.keptName("data", 7);
    Path kept = here.volumes().resolve(keptName + ".img");
    assertThat(keeper.drop("kv")).containsExactly(keptName);
    assertThat(kept).hasContent(precious);
    assertThat(new Volumes(here).list()).hasSize(1);
    create();
    assertThat(keeper.drop("kv")).isEmpty();
    assertThat(left()).containsExactly(kept);
  }

  @Test
  void nothingIsLeftWhereAFileCannotBeFetched() {
    assertThatThrownBy(() ->
            keeper.create(
                guest,
                (file, to) -> {
                  throw new IOException("no host has " + file);
                }))
        .hasMessage("no host has kernel");
    assertThat(network.places).isEmpty();
    assertThat(here.volumes().resolve("data.img")).doesNotExist();
    assertThat(here.guest("kv")).doesNotExist();
  }

  @Test
  void volumeOfThisHostIsNotWrittenOver() throws IOException {
    Files.createDirectories(here.volumes());
    Files.writeString(here.volumes().resolve("data.img"), "precious");
    assertThatThrownBy(this::create)
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("this host has a volume 'data' already");
    assertThat(here.volumes().resolve("data.img")).hasContent("precious");
    assertThat(here.guest("kv")).doesNotExist();
  }

  @Test
  void guestOfThisHostIsNotWrittenOver() throws IOException {
    Files.createDirectories(here.guest("kv"));
    assertThatThrownBy(this::create).isInstanceOf(RefusedException.class);
    assertThat(here.guest("kv")).isEmptyDirectory();
  }

  @Test
  void definitionThatNamesOtherFilesIsRefused() {
    String text = guest.encode();
    for (String wrong :
        List.of(
            text.replace("/vmlinuz\"", "/..\""),
            text.replace("\"data\"", "\"../data\""),
            text.replace("kv-00000007", "kv-00000008"),
            text.replace("\"disk_bytes\":[", "\"disk_bytes\":[-1,"),
            text.replaceFirst("\"version\":1", "\"version\":2"),
            "{}",
            "")) {
      assertThat(wrong).isNotEqualTo(text);
      assertThatThrownBy(() -> GuestDefinition.decode(wrong)).isInstanceOf(IOException.class);
    }
    assertThat(Json.line(guest)).isEqualTo(text);
  }
}
