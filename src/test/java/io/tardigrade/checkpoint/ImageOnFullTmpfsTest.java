package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tmpfs filled to its last page: no store of ours may need one more. */
@Tag("system")
class ImageOnFullTmpfsTest {
  private static final int PAGE = Geometry.PAGE_BYTES;
  private static final long RAM_BYTES = 16L << 20;
  private static final int RAM_PAGES = (int) (RAM_BYTES / PAGE);

  @TempDir Path temp;
  private Path dir = Path.of("");

  @BeforeEach
  void mount() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=40m", "tardigrade-test", temp.toString());
    dir = temp.resolve("kv");
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", temp.toString());
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(String.join(" ", command) + ": " + output).isZero();
  }

  private Path filler() {
    return temp.resolve("filler");
  }

  private void fill() throws IOException {
    byte[] page = new byte[PAGE];
    try (var out =
        Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        out.write(page);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
    assertThat(Files.getFileStore(temp).getUsableSpace()).isZero();
  }

  private static void commit(CommittedImage image, long epoch, int firstPage, int count)
      throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    staging.reserve(count);
    staging.add(firstPage, count).fill((byte) epoch);
    staging.deviceState(MemorySegment.ofArray(new byte[100_000]));
    staging.marks(MemorySegment.ofArray(new byte[] {(byte) epoch}));
    image.seal(staging);
    image.apply(staging);
  }

  @Test
  void fullFileSystemCostsNothingButTheEpochsThatNeedMore() throws IOException {
    try (CommittedImage image = CommittedImage.create(dir, RAM_BYTES)) {
      commit(image, 1, 0, 100);
      fill();
      Staging staging = Objects.requireNonNull(image.beginStaging(2));
      assertThatThrownBy(() -> staging.reserve(RAM_PAGES))
          .isInstanceOf(NoSpaceException.class)
          .hasMessageContaining("0 are free there");
      assertThatThrownBy(() -> staging.deviceState(MemorySegment.ofArray(new byte[1 << 20])))
          .isInstanceOf(NoSpaceException.class);
      staging.abandon();
      image.setUnprotected(2);
      commit(image, 3, RAM_PAGES - 1000, 1000);
      image.setUnprotected(4);
      assertThat(image.firstDamagedPage(0, RAM_PAGES)).isEqualTo(-1);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(3);
      assertThat(image.unprotectedSince()).isEqualTo(4);
      assertThat(image.marks()).containsExactly(3);
      assertThat(image.firstDamagedPage(0, RAM_PAGES)).isEqualTo(-1);
      // Nobody else's pages were given away on the way.
      fill();
      Files.delete(filler());
      commit(image, 5, 0, 3000);
      assertThat(image.unprotectedSince()).isZero();
    }
  }

  @Test
  void recordSealedOnAFullFileSystemIsAppliedByRecovery() throws IOException {
    try (CommittedImage image = CommittedImage.create(dir, RAM_BYTES)) {
      Staging staging = Objects.requireNonNull(image.beginStaging(1));
      staging.reserve(2000);
      staging.add(0, 2000).fill((byte) 9);
      staging.deviceState(MemorySegment.ofArray(new byte[3 << 20]));
      fill();
      image.seal(staging);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(1);
      assertThat(image.deviceState().byteSize()).isEqualTo(3 << 20);
      assertThat(Files.readAllBytes(image.ramFile())[2000 * PAGE - 1]).isEqualTo((byte) 9);
    }
  }

  @Test
  void creationWithoutSpaceSaysWhatIsMissingAndLeavesNothing() throws IOException {
    assertThatThrownBy(() -> CommittedImage.create(dir, 64L << 20))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining("needs 67108864 bytes more");
    // Room for RAM, not for the slots.
    assertThatThrownBy(() -> CommittedImage.create(dir, 36L << 20))
        .isInstanceOf(NoSpaceException.class);
    try (Stream<Path> left = Files.list(temp)) {
      assertThat(left).isEmpty();
    }
    CommittedImage.create(dir, RAM_BYTES).close();
  }

  @Test
  void resetWaitsForTheSpaceOfADyingHypervisor() throws Exception {
    try (CommittedImage image = CommittedImage.create(dir, RAM_BYTES)) {
      commit(image, 1, 0, 100);
      Process hypervisor =
          new ProcessBuilder("tail", "-f", image.ramFile().toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      Thread.sleep(300);
      fill();
      assertThatThrownBy(() -> image.reset(2, new byte[0])).isInstanceOf(NoSpaceException.class);
      assertThat(image.isCold()).isTrue();
      hypervisor.destroyForcibly().waitFor();
      image.reset(3, new byte[] {1});
      commit(image, 4, 0, 10);
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      assertThat(image.committedEpoch()).isEqualTo(4);
      byte[] ram = Files.readAllBytes(image.ramFile());
      assertThat(MemorySegment.ofArray(ram).get(ValueLayout.JAVA_BYTE, 50L * PAGE)).isZero();
    }
  }
}
