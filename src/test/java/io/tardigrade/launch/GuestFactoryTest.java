package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.network.PortForward;
import io.tardigrade.qemu.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestFactoryTest {
  @TempDir Path folder;
  private final FakeHost host = new FakeHost();
  private HostPaths paths;
  private GuestFactory factory;

  @BeforeEach
  void setUp() {
    paths =
        new HostPaths(
            folder.resolve("state"), folder.resolve("run"), folder.resolve("images"), "abc123");
    factory = new GuestFactory(paths, host, host, InstantSource.system(), _ -> {});
  }

  private static LaunchRequest request(String name, String... volumes) {
    return new LaunchRequest(
        name,
        128 << 20,
        1,
        100,
        true,
        false,
        null,
        Accelerator.TCG,
        Stream.of(volumes).map(VolumeRequest::parse).toList(),
        List.of(PortForward.parse("8080:80")),
        new GuestSource.Program(List.of("/bin/true", "x"), List.of(), Map.of(), null));
  }

  @Test
  void guestThatCouldNotBootIsRefusedAndLeavesNothing() throws IOException {
    LaunchRequest little =
        new LaunchRequest(
            "kv",
            64 << 20,
            1,
            100,
            true,
            false,
            null,
            Accelerator.TCG,
            List.of(),
            List.of(),
            new GuestSource.Program(List.of("/bin/true"), List.of(), Map.of(), null));
    assertThatThrownBy(() -> factory.create(little))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("73M at the least");
    assertThat(filesLeft()).isEmpty();
    assertThat(host.places).isEmpty();
  }

  private List<String> filesLeft() throws IOException {
    if (!Files.exists(paths.state())) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(paths.state())) {
      return walk.filter(Files::isRegularFile)
          .map(file -> paths.state().relativize(file).toString())
          .filter(file -> !file.equals("lock"))
          .sorted()
          .toList();
    }
  }

  @Test
  void aGuestIsMadeWholeAndWantedRunning() throws IOException {
    GuestSpec spec = factory.create(request("kv", "data:/data:8M"));

    GuestFiles files = GuestFiles.of(paths, "kv");
    assertThat(files.spec()).isEqualTo(spec);
    assertThat(files.desiredRunning()).isTrue();
    assertThat(spec.initrd()).isEqualTo(paths.guest("kv").resolve("initrd").toString());
    assertThat(Path.of(String.valueOf(spec.initrd()))).exists();
    assertThat(spec.userId()).isEqualTo(GuestFactory.USER_ID_FIRST + 2);
    assertThat(spec.publish()).containsExactly(new GuestSpec.Forward("0.0.0.0", 8080, 80, "tcp"));
    assertThat(host.places).containsOnlyKeys("kv");
    assertThat(GuestFiles.names(paths)).containsExactly("kv");
  }

  @ParameterizedTest
  @ValueSource(strings = {"place", "publish", "volume-one", "volume-two", "image"})
  void nothingIsLeftAfterAFailureAtAnyStep(String step) throws IOException {
    host.failAt = step;

    assertThatThrownBy(() -> factory.create(request("kv", "one:/1:8M", "two:/2:8M")))
        .hasMessageContaining("told to fail at " + step);

    assertThat(filesLeft()).isEmpty();
    assertThat(host.places).isEmpty();
  }

  @Test
  void volumesThatWereThereBeforeStayAfterAFailure() throws IOException {
    factory.create(request("first", "one:/1:8M"));
    GuestFiles.of(paths, "first").writeDesired(false);
    host.failAt = "image";

    assertThatThrownBy(() -> factory.create(request("second", "one:/1", "two:/2:8M")))
        .isInstanceOf(IOException.class);

    assertThat(paths.volumes().resolve("one.img")).exists();
    assertThat(paths.volumes().resolve("two.img")).doesNotExist();
    assertThat(host.places).containsOnlyKeys("first");
  }

  @Test
  void whatAKilledCommandLeftIsTakenAwayByTheNext() throws IOException {
    Path left = Files.createDirectories(paths.guests().resolve(".dead.tmp-123"));
    Files.writeString(left.resolve("initrd"), "half");
    Files.createDirectories(paths.volumes());
    Folders.noteVolume(left, "new");
    Files.writeString(paths.volumes().resolve("new.img"), "made for it");
    Files.writeString(paths.volumes().resolve("old.img"), "there before");
    Files.writeString(paths.volumes().resolve(".making-1"), "half");
    host.place("dead");

    factory.create(request("kv"));

    assertThat(left).doesNotExist();
    try (var volumes = Files.list(paths.volumes())) {
      assertThat(volumes).containsExactly(paths.volumes().resolve("old.img"));
    }
    assertThat(host.places).containsOnlyKeys("kv");
  }

  @Test
  void refusalsSayWhatStandsInTheWay() throws IOException {
    factory.create(request("kv", "data:/data:8M"));

    refused("kv", RefusedException.Kind.CONFLICT, "exists already", request("kv"));
    refused(
        "volume", RefusedException.Kind.CONFLICT, "in use by guest 'kv'", request("b", "data:/d"));
    refused("size", RefusedException.Kind.NOT_FOUND, "give its size", request("b", "new:/d"));
    assertThat(host.places).containsOnlyKeys("kv");
  }

  private void refused(
      String what, RefusedException.Kind kind, String says, LaunchRequest request) {
    assertThatThrownBy(() -> factory.create(request))
        .as(what)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.kind()).as(what).isEqualTo(kind))
        .hasMessageContaining(says)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aPortInUseIsAConflict() {
    host.failAt = "publish";
    refused("port", RefusedException.Kind.CONFLICT, "told to fail", request("kv"));
  }

  @Test
  void aGuestThatDoesNotFitIsRefusedBeforeAnythingIsMade() throws IOException {
    LaunchRequest huge =
        new LaunchRequest(
            "kv",
            1L << 40,
            1,
            100,
            true,
            false,
            null,
            Accelerator.TCG,
            List.of(),
            List.of(),
            new GuestSource.Program(List.of("/bin/true"), List.of(), Map.of(), null));

    refused("space", RefusedException.Kind.CONFLICT, "no space", huge);
    assertThat(filesLeft()).isEmpty();
    assertThat(host.places).isEmpty();
  }

  @Test
  void theStateFolderMustBeWritable() throws IOException {
    Files.writeString(folder.resolve("file"), "in the way");
    HostPaths blocked =
        new HostPaths(
            folder.resolve("file").resolve("state"), paths.run(), paths.images(), "abc123");
    GuestFactory blockedFactory =
        new GuestFactory(blocked, host, host, InstantSource.system(), _ -> {});

    assertThatThrownBy(() -> blockedFactory.create(request("kv")))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.kind()).isEqualTo(RefusedException.Kind.CONFLICT))
        .hasMessageContaining("cannot be written");
  }

  @Test
  void deletingTakesAllButVolumesAndTheLastGuestTakesTheNetwork() throws IOException {
    factory.create(request("kv", "data:/data:8M"));
    factory.create(request("other"));
    Files.createDirectories(paths.image("kv"));
    Files.writeString(paths.image("kv").resolve("ram"), "ram");
    GuestKeeper keeper = new GuestKeeper(paths, host);

    keeper.delete("kv");

    assertThat(paths.guest("kv")).doesNotExist();
    assertThat(paths.image("kv")).doesNotExist();
    assertThat(paths.volumes().resolve("data.img")).exists();
    assertThat(host.places).containsOnlyKeys("other");
    assertThat(host.tornDown).isFalse();

    keeper.delete("other");
    assertThat(host.tornDown).isTrue();
    assertThat(filesLeft()).containsExactly("volumes/data.img");
  }

  @Test
  void aGuestIsOnlyStartedWithItsVolumesFree() throws IOException {
    GuestKeeper keeper = new GuestKeeper(paths, host);
    factory.create(request("first", "data:/data:8M"));
    keeper.wantStopped("first");
    factory.create(request("second", "data:/data"));

    assertThatThrownBy(() -> keeper.want("first")).hasMessageContaining("in use by guest 'second'");
    keeper.wantStopped("second");
    assertThat(keeper.want("first")).isTrue();
    assertThat(keeper.want("first")).isFalse();
  }

  @Test
  void aVolumeOfAGuestIsNotDeleted() throws IOException {
    factory.create(request("kv", "data:/data:8M"));
    Volumes volumes = new Volumes(paths);

    assertThatThrownBy(() -> volumes.delete("data")).hasMessageContaining("belongs to guest 'kv'");
    new GuestKeeper(paths, host).delete("kv");
    volumes.delete("data");
    assertThat(volumes.list()).isEmpty();
    assertThatThrownBy(() -> volumes.delete("data")).hasMessageContaining("does not exist");
  }
}
