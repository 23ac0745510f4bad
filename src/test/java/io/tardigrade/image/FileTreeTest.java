package io.tardigrade.image;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
  @TempDir Path folder;

  @Test
  void archiveReadByAnotherReaderHoldsTheSameTree() throws Exception {
    FileTree tree = new FileTree();
    tree.file("/b/file", "content", 0640);
    tree.link("/b/link", "file");
    tree.folder("/a", 01777);
    tree.characterDevice("/dev/null", 1, 3, 0666);
    tree.hostFile("/etc/copy", Files.writeString(folder.resolve("odd"), "12345"));
    Map<String, CpioArchiveEntry> entries = new LinkedHashMap<>();
    Map<String, String> contents = new LinkedHashMap<>();
    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new ByteArrayInputStream(write(tree)))) {
      for (CpioArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        entries.put(e.getName(), e);
        contents.put(e.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    assertThat(entries.keySet())
        .containsExactly("a", "b", "b/file", "b/link", "dev", "dev/null", "etc", "etc/copy");
    assertThat(contents).containsEntry("b/file", "content").containsEntry("etc/copy", "12345");
    assertThat(contents).containsEntry("b/link", "file");
    assertThat(requireNonNull(entries.get("a")).getMode()).isEqualTo(0041777);
    assertThat(requireNonNull(entries.get("b/file")).getMode()).isEqualTo(0100640);
    assertThat(requireNonNull(entries.get("dev/null")).getRemoteDeviceMin()).isEqualTo(3);
  }

  @Test
  void sameFilesGiveTheSameBytes() throws Exception {
    FileTree one = new FileTree();
    one.file("/x", "1", 0644);
    one.hostPath(Path.of("/bin/ls"));
    FileTree two = new FileTree();
    two.hostPath(Path.of("/bin/ls"));
    two.file("/x", "1", 0644);
    assertThat(write(one)).isEqualTo(write(two));
  }

  @Test
  void linksOnTheWayToAHostFileAreKept() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.writeString(real.resolve("file-1"), "x");
    Files.createSymbolicLink(real.resolve("file"), Path.of("file-1"));
    Files.createSymbolicLink(folder.resolve("way"), Path.of("real"));
    FileTree tree = new FileTree();
    tree.hostPath(folder.resolve("way/file"));
    assertThat(requireNonNull(tree.nodes().get(folder + "/way")).linkTarget()).isEqualTo("real");
    assertThat(requireNonNull(tree.nodes().get(folder + "/real/file")).linkTarget())
        .isEqualTo("file-1");
    assertThat(requireNonNull(tree.nodes().get(folder + "/real/file-1")).source()).isNotNull();
  }

  @Test
  void fileAddedBelowALinkLandsWhereTheLinkLeads() throws Exception {
    FileTree tree = new FileTree();
    tree.folder("/usr/lib", 0755);
    tree.link("/lib", "usr/lib");
    tree.hostFile("/lib/x.conf", Files.writeString(folder.resolve("x"), "x"));
    assertThat(tree.contains("/usr/lib/x.conf")).isTrue();
    assertThat(tree.contains("/lib/x.conf")).isFalse();
  }

  @Test
  void linksThatLeadInACircleAreRefused() throws Exception {
    Files.createSymbolicLink(folder.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(folder.resolve("b"), Path.of("a"));
    assertThatThrownBy(() -> new FileTree().hostPath(folder.resolve("a")))
        .hasMessageContaining("too many links");
  }

  @Test
  void fileCannotLieInAFile() throws Exception {
    FileTree tree = new FileTree();
    tree.file("/a", "x", 0644);
    assertThatThrownBy(() -> tree.file("/a/b", "x", 0644)).hasMessageContaining("/a is a file");
  }

  @Test
  void addedPathsAreParsedAndTheirMistakesNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("with:colon"), "x");
    assertThat(Initramfs.AddedPath.parse(file.toString()).target()).isEqualTo(file.toString());
    assertThat(Initramfs.AddedPath.parse(file + ":/etc/x").target()).isEqualTo("/etc/x");
    assertThatThrownBy(() -> Initramfs.AddedPath.parse("/no/such")).hasMessageContaining("SRC:DST");
    assertThatThrownBy(() -> Initramfs.AddedPath.parse(file + ":etc"))
        .hasMessageContaining("begin with /");
    assertThatThrownBy(() -> Initramfs.AddedPath.parse(file + ":/x/../.tardigrade/init"))
        .hasMessageContaining("is ours");
  }

  private static byte[] write(FileTree tree) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new NewcWriter(out).write(tree);
    return out.toByteArray();
  }
}
