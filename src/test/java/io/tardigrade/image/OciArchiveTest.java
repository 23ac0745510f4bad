package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.image.ImageArchive.LayerWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OciArchiveTest {
  @TempDir Path folder;
  private Path inside;

  @BeforeEach
  void makeFolders() throws Exception {
    inside = Files.createDirectory(folder.resolve("inside"));
    Files.writeString(folder.resolve("outside"), "untouched");
  }

  @Test
  void bothKindsOfArchiveWithAnyCompressionUnpackAlike() throws Exception {
    byte[] layer = new LayerWriter().file("bin/prog", "x").bytes();
    Path plain = Files.write(folder.resolve("layer"), layer);
    zstd(plain);
    byte[] zstd = Files.readAllBytes(folder.resolve("layer.zst"));
    for (byte[] packed : List.of(layer, ImageArchive.gzip(layer), zstd)) {
      ImageArchive archive = new ImageArchive().layer(layer, packed);
      for (byte[] bytes :
          List.of(archive.layout(), archive.dockerSave(), ImageArchive.gzip(archive.layout()))) {
        Staging.deleteTree(inside);
        Files.createDirectory(inside);
        OciImage image = unpack(bytes);
        assertThat(image.command()).containsExactly("/bin/true");
        assertThat(inside.resolve("bin/prog")).hasContent("x");
      }
    }
  }

  @Test
  void layersAreAppliedInOrderWithTheirWhiteouts() throws Exception {
    LayerWriter lower =
        new LayerWriter()
            .folder("etc", 0750)
            .file("etc/a", "lower")
            .file("etc/b", "lower")
            .file("opt/x/one", "1")
            .file("opt/x/deep/two", "2")
            .file("gone/file", "x");
    LayerWriter upper =
        new LayerWriter()
            .file("opt/x/three", "3")
            .file("opt/x/.wh..wh..opq", "")
            .file("etc/.wh.a", "")
            .file("etc/b", "upper")
            .file(".wh.gone", "");
    unpack(new ImageArchive().layer(lower).layer(upper).layout());
    assertThat(tree()).containsExactly("etc", "etc/b", "opt", "opt/x", "opt/x/three");
    assertThat(inside.resolve("etc/b")).hasContent("upper");
  }

  @Test
  void ownersPermissionsAndTimesAreKept() throws Exception {
    byte[] content = {1};
    LayerWriter layer = new LayerWriter().file("bin/su", content, 04711, 12, 34);
    layer.hardLink("bin/also", "bin/su");
    layer.device("dev/sda");
    unpack(new ImageArchive().layer(layer).layout());
    Path file = inside.resolve("bin/su");
    assertThat(Files.getAttribute(file, "unix:mode")).isEqualTo(0104711);
    assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(12);
    assertThat(Files.getAttribute(file, "unix:nlink")).isEqualTo(2);
    assertThat(Files.getLastModifiedTime(file).toMillis()).isEqualTo(1_600_000_000_000L);
    assertThat(inside.resolve("dev/sda")).doesNotExist();
  }

  @Test
  void linksLeadNowhereButIntoTheImage() throws Exception {
    LayerWriter layer =
        new LayerWriter()
            .link("abs", folder.toString())
            .file("abs/outside", "hit")
            .link("up", "../../../../../../../../../../" + folder)
            .file("up/outside", "hit")
            .link("outside", folder.resolve("outside").toString())
            .file("outside", "a file of its own");
    unpack(new ImageArchive().layer(layer).layout());
    assertThat(folder.resolve("outside")).hasContent("untouched");
    assertThat(inside.resolve("outside")).isRegularFile().hasContent("a file of its own");
    assertThat(inside.resolve(folder.toString().substring(1)).resolve("outside")).hasContent("hit");
  }

  @Test
  void whiteoutBehindALinkRemovesNothingOutside() throws Exception {
    LayerWriter layer =
        new LayerWriter().link("way", folder.toString()).file("way/.wh.outside", "");
    unpack(new ImageArchive().layer(layer).layout());
    assertThat(folder.resolve("outside")).hasContent("untouched");
    refuses(new LayerWriter().file("a/.wh...", ""), "removes no file");
    refuses(new LayerWriter().file("a/.wh.", ""), "removes no file");
  }

  @Test
  void namesThatLeadOutAreRefused() throws Exception {
    refuses(new LayerWriter().file("../outside", "hit"), "leads out of the image");
    refuses(new LayerWriter().file("a/../../outside", "hit"), "leads out of the image");
    refuses(new LayerWriter().hardLink("x", "../outside"), "leads out of the image");
    refuses(new LayerWriter().link("x", "/outside").hardLink("y", "x/z"), "no file in it");
    refuses(
        new LayerWriter().link("way", folder.toString()).hardLink("x", "way/outside"),
        "which is no file in it");
    refuses(new LayerWriter().link("a", "b").link("b", "a").file("a/c", ""), "no folder");
    refuses(new LayerWriter().file("a", "").file("a/b", ""), "no folder");
    assertThat(folder.resolve("outside")).hasContent("untouched");
  }

  @Test
  void absoluteNamesStayInTheImage() throws Exception {
    unpack(new ImageArchive().layer(new LayerWriter().file("/etc/x", "1")).layout());
    assertThat(inside.resolve("etc/x")).hasContent("1");
  }

  @Test
  void wrongDigestsAreRefused() throws Exception {
    byte[] layer = new LayerWriter().file("a", "b").bytes();
    byte[] other = new LayerWriter().file("a", "c").bytes();
    ImageArchive swapped = new ImageArchive().layer(layer, other);
    assertThatThrownBy(() -> unpack(swapped.layout())).hasMessageContaining("has the digest");
    assertThatThrownBy(() -> unpack(swapped.dockerSave())).hasMessageContaining("has the digest");
    byte[] archive = new ImageArchive().layer(layer, layer).layout();
    String text =
        new String(archive, StandardCharsets.ISO_8859_1).replace("/bin/true", "/bin/evil");
    assertThatThrownBy(() -> unpack(text.getBytes(StandardCharsets.ISO_8859_1)))
        .hasMessageContaining("has the digest");
  }

  @Test
  void whatUnpacksToTooMuchIsRefused() throws Exception {
    byte[] zeros = new byte[3 << 20];
    byte[] big = new LayerWriter().file("big", zeros, 0644, 0, 0).bytes();
    ImageArchive bomb = new ImageArchive().layer(big, ImageArchive.gzip(big));
    assertThatThrownBy(() -> unpack(bomb.layout(), 2 << 20, 1000))
        .hasMessageContaining("refused as too large");
    ImageArchive hidden =
        new ImageArchive().layer(new byte[0], ImageArchive.gzip(new byte[9 << 20]));
    assertThatThrownBy(() -> unpack(hidden.layout(), 2 << 20, 1000))
        .hasMessageContaining("refused as too large");
    LayerWriter many = new LayerWriter();
    for (int i = 0; i < 20; i++) {
      many.file("a/b/" + i + "/d", "");
    }
    ImageArchive crowd = new ImageArchive().layer(many);
    assertThatThrownBy(() -> unpack(crowd.layout(), 1 << 20, 30))
        .hasMessageContaining("more than 30 files");
  }

  @Test
  void archiveForAnotherMachineOrOfAnotherKindIsRefused() throws Exception {
    ImageArchive arm = new ImageArchive();
    arm.machine = "arm64";
    assertThatThrownBy(() -> unpack(arm.layout())).hasMessageContaining("for linux/arm64");
    assertThatThrownBy(() -> unpack("hello".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("not a whole tar archive");
    assertThatThrownBy(() -> unpack(new LayerWriter().file("x", "y").bytes()))
        .hasMessageContaining("holds no image");
    assertThatThrownBy(() -> unpack(new LayerWriter().file("index.json", "{").bytes()))
        .hasMessageContaining("broken JSON");
  }

  @Test
  void cutOffArchivesAreRefused() throws Exception {
    byte[] layer = new LayerWriter().file("a", "b".repeat(5000)).bytes();
    byte[] whole = new ImageArchive().layer(layer, ImageArchive.gzip(layer)).layout();
    for (int length = 512; length < whole.length - 2048; length += 512 + 37) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> unpack(cut)).isInstanceOf(ImageException.class);
    }
    byte[] half = ImageArchive.gzip(whole);
    assertThatThrownBy(() -> unpack(Arrays.copyOf(half, half.length / 2)))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void anyArchiveIsUnpackedOrRefusedInsideItsFolder() throws Exception {
    LayerWriter seedLayer =
        new LayerWriter()
            .folder("d", 0755)
            .file("d/f", "content")
            .link("d/l", "../d/f")
            .hardLink("d/h", "d/f")
            .file("d/" + "n".repeat(150), "long")
            .file("d/.wh.f", "");
    byte[] whole = seedLayer.bytes();
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      byte[] bytes = whole.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        int header = 512 * random.nextInt(bytes.length / 512);
        bytes[header + random.nextInt(300)] = (byte) mutation(random);
        fixChecksum(bytes, header);
      }
      fuzz(bytes, inside, "seed " + seed + " round " + round);
    }
    assertThat(folder.resolve("outside")).hasContent("untouched");
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all).containsExactlyInAnyOrder(inside, folder.resolve("outside"));
    }
  }

  private static int mutation(Random random) {
    String likely = "0./\0wh57xLK12";
    return random.nextBoolean() ? likely.charAt(random.nextInt(likely.length())) : random.nextInt();
  }

  /** Applies any bytes as a layer; whatever they are, the answer is a tree or one line. */
  static void fuzz(byte[] bytes, Path root, String what) throws IOException {
    Staging.deleteTree(root);
    Files.createDirectory(root);
    LayerTree tree = new LayerTree(root, 1 << 20, 1000);
    try {
      tree.apply(new TarReader(new ByteArrayInputStream(bytes), what), what);
    } catch (ImageException e) {
      assertThat(e.getMessage()).as(what).doesNotContain("\n");
    }
  }

  private static void fixChecksum(byte[] bytes, int header) {
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += i >= 148 && i < 156 ? ' ' : bytes[header + i] & 0xff;
    }
    byte[] digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, bytes, header + 148, 8);
  }

  private OciImage unpack(byte[] archive) throws Exception {
    return unpack(archive, 64 << 20, 1000);
  }

  private OciImage unpack(byte[] bytes, long bytesMax, int entriesMax) throws Exception {
    Path archive = Files.write(folder.resolve("archive.bin"), bytes);
    Path scratch = Files.createTempDirectory(folder, "scratch");
    GuestKernel none = new GuestKernel(folder, folder, "none", List.of());
    LayerTree tree = new LayerTree(inside, bytesMax, entriesMax);
    return new OciArchive(none, bytesMax, entriesMax)
        .unpack(archive, scratch, tree, bytesMax, "--image x.tar");
  }

  private void refuses(LayerWriter layer, String why) throws Exception {
    ImageArchive archive = new ImageArchive().layer(layer);
    assertThatThrownBy(() -> unpack(archive.layout()))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(why);
  }

  private List<String> tree() throws Exception {
    try (Stream<Path> all = Files.walk(inside)) {
      return all.filter(p -> !p.equals(inside))
          .map(p -> inside.relativize(p).toString())
          .sorted()
          .toList();
    }
  }

  private static void zstd(Path file) throws Exception {
    HostCommand.run(null, Duration.ofSeconds(20), List.of("zstd", "-q", file.toString()));
  }
}
