package io.tardigrade.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every state of the folders in which whoever moves an image can die. */
class ImagePlacesTest {
  private static final String NAME = "kv";

  /** The guest's last commit; what was there before, or is only half copied, has another. */
  private static final long EPOCH = 7;

  @TempDir Path folder;
  private HostPaths paths;
  private ImagePlaces places;
  private Path preserved;
  private Path ordinary;

  @BeforeEach
  void makeHost() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    places = new ImagePlaces(paths, NAME);
    preserved = paths.preservedImages().resolve(NAME);
    ordinary = paths.images().resolve(NAME);
    Files.createDirectories(paths.preservedImages());
    Files.createDirectories(paths.images());
  }

  private static void image(Path at, long epoch) throws IOException {
    try (CommittedImage image = CommittedImage.create(at, 1 << 20)) {
      if (epoch > 0) {
        Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
        staging.deviceState(MemorySegment.ofArray(new byte[8]));
        image.seal(staging);
        image.apply(staging);
      }
    }
  }

  private void assertWholeAt(Path expected) throws IOException {
    places.tidy();
    assertThat(paths.image(NAME)).isEqualTo(expected);
    try (CommittedImage image = CommittedImage.open(expected)) {
      assertThat(image.committedEpoch()).isEqualTo(EPOCH);
    }
    for (Path root : List.of(paths.images(), paths.preservedImages())) {
      try (var left = Files.list(root)) {
        assertThat(left.filter(path -> !path.equals(expected))).isEmpty();
      }
    }
    assertThat(places.isUntidy()).isFalse();
    places.tidy();
    assertThat(expected).isDirectory();
  }

  @Test
  void moverThatDiesWhileCopyingLeavesTheImageWhereItWas() throws IOException {
    image(ordinary, EPOCH);
    image(places.copy(Place.PRESERVED), 0);
    assertThat(places.isUntidy()).isTrue();
    assertWholeAt(ordinary);
  }

  @Test
  void moverThatDiesBeforeTheRenameLeavesTheImageWhereItWas() throws IOException {
    image(ordinary, EPOCH);
    image(places.copy(Place.PRESERVED), EPOCH);
    assertWholeAt(ordinary);
  }

  @Test
  void moverThatDiesAfterTheRenameLeavesTheImageInPreservedMemory() throws IOException {
    image(ordinary, EPOCH - 1);
    image(places.copy(Place.PRESERVED), EPOCH);
    places.commit(Place.PRESERVED);
    assertWholeAt(preserved);
  }

  @Test
  void moverThatDiesWhileCopyingOutLeavesTheImageInPreservedMemory() throws IOException {
    image(preserved, EPOCH);
    image(places.copy(Place.ORDINARY), 0);
    assertWholeAt(preserved);
  }

  @Test
  void moverThatDiesBetweenTheTwoRenamesLeavesTheImageInPreservedMemory() throws IOException {
    image(preserved, EPOCH);
    image(ordinary, EPOCH - 1);
    assertThat(places.isUntidy()).isTrue();
    assertWholeAt(preserved);
  }

  @Test
  void moverThatDiesAfterBothRenamesLeavesTheImageInOrdinaryMemory() throws IOException {
    image(preserved, EPOCH - 1);
    image(places.copy(Place.ORDINARY), EPOCH);
    places.commit(Place.ORDINARY);
    assertWholeAt(ordinary);
  }

  @Test
  void imageThatIsBeingMadeIsLeftAlone() throws IOException {
    image(ordinary, EPOCH);
    image(paths.images().resolve("other"), EPOCH);
    places.tidy();
    assertThat(paths.images().resolve("other")).isDirectory();
    assertThat(ordinary).isDirectory();
  }
}
