package io.tardigrade.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.HostPaths;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
  private static final Instant AT = Instant.parse("2026-11-22T18:15:03Z");
  private static final Diagnosis.Occasion OCCASION =
      new Diagnosis.Occasion("20261122-181503-host-1", "kernel-oops", List.of("an oops"), AT);

  @TempDir Path dir;

  private Path file() {
    return dir.resolve("x.tar.gz");
  }

  private static Source text(String name, String text) {
    return new Source(name, "a text", _ -> text.getBytes(StandardCharsets.UTF_8));
  }

  private ArchiveIndex collect(Source... sources) throws IOException {
    return Diagnosis.collect(file(), OCCASION, List.of(sources), List.of(), 300, 5_000);
  }

  private List<String> left() throws IOException {
    try (var files = Files.list(dir)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  @Test
  void whatIsCollectedIsInTheArchiveAndItsIndex() throws IOException {
    ArchiveIndex index = collect(text("kernel/log.txt", "hello"), text("state/guests.json", ""));
    assertThat(index).isEqualTo(ArchiveReader.verify(file()));
    assertThat(index.incident()).isEqualTo(OCCASION.incident());
    assertThat(index.reasons()).containsExactly("an oops");
    assertThat(index.entries())
        .extracting(ArchiveIndex.Entry::name, ArchiveIndex.Entry::bytes)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("kernel/log.txt", 5L),
            org.assertj.core.groups.Tuple.tuple("state/guests.json", 0L));
    assertThat(index.bytes()).isEqualTo(5);
    assertThat(left()).containsExactly("x.tar.gz");
  }

  @Test
  void whatCannotBeReadOrHangsIsNamedAndTheRestIsKept() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    ArchiveIndex index =
        collect(
            new Source(
                "a",
                "fails",
                _ -> {
                  throw new IOException("no such thing");
                }),
            new Source(
                "b",
                "hangs",
                _ -> {
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                  return new byte[0];
                }),
            text("c", "there"));
    never.countDown();
    assertThat(index.entries()).extracting(ArchiveIndex.Entry::name).containsExactly("c");
    assertThat(index.missing())
        .extracting(m -> m.name() + ": " + m.why())
        .containsExactly("a: IOException: no such thing", "b: it could not be read within 300 ms");
  }

  @Test
  void hostOnWhichAllHangsIsLeftInTime() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    List<Source> sources = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      sources.add(
          new Source(
              "s-" + i,
              "hangs",
              _ -> {
                try {
                  never.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                return new byte[0];
              }));
    }
    long begun = System.nanoTime();
    ArchiveIndex index = Diagnosis.collect(file(), OCCASION, sources, List.of(), 50, 60_000);
    never.countDown();
    assertThat((System.nanoTime() - begun) / 1_000_000).isLessThan(10_000);
    assertThat(index.missing()).hasSize(200);
    assertThat(index.missing().getLast().why()).isEqualTo("no time was left");
  }

  @Test
  void fileThatIsTooLargeIsCutAndSaysSo() throws IOException {
    ArchiveIndex index =
        collect(new Source("a", "large", bytesMax -> new byte[bytesMax + 1]), text("b", "x"));
    assertThat(index.entries().getFirst().bytes()).isEqualTo(Diagnosis.FILE_BYTES_MAX);
    assertThat(index.entries().getFirst().cut()).isTrue();
    assertThat(index.entries().getLast().cut()).isFalse();
  }

  @Test
  void archiveIsBoundedHoweverMuchThereIs() throws IOException {
    List<Source> sources = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      sources.add(new Source("s-" + i, "large", bytesMax -> new byte[bytesMax]));
    }
    ArchiveIndex index = Diagnosis.collect(file(), OCCASION, sources, List.of(), 5_000, 60_000);
    assertThat(index.bytes()).isEqualTo(Diagnosis.BYTES_MAX);
    assertThat(index.missing())
        .allMatch(m -> m.why().equals("no room was left in the archive"))
        .hasSize(20 - (int) (Diagnosis.BYTES_MAX / Diagnosis.FILE_BYTES_MAX));
  }

  @Test
  void coresAreKeptUpToTheCapAndOthersAreNamed() throws IOException {
    Path small = Files.write(dir.resolve("core.1"), new byte[100_000]);
    Path large = dir.resolve("core.2");
    try (var file = new java.io.RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(Diagnosis.CORES_BYTES_MAX + 1);
    }
    Path link = Files.createSymbolicLink(dir.resolve("core.3"), small);
    ArchiveIndex index =
        Diagnosis.collect(file(), OCCASION, List.of(), List.of(small, large, link), 1_000, 60_000);
    assertThat(index.entries())
        .extracting(ArchiveIndex.Entry::name, ArchiveIndex.Entry::bytes)
        .containsExactly(org.assertj.core.groups.Tuple.tuple("cores/core-1", 100_000L));
    assertThat(index.missing())
        .extracting(ArchiveIndex.Missing::why)
        .anyMatch(w -> w.contains("too large and stays where it is"))
        .anyMatch(w -> w.contains("no plain file"));
  }

  @Test
  void recentCoresAreFoundWhereTheKernelPutsThem() throws IOException {
    Files.createDirectories(dir.resolve("proc/sys/kernel"));
    Files.createDirectories(dir.resolve("var/cores"));
    Files.writeString(dir.resolve("proc/sys/kernel/core_pattern"), "/var/cores/core.%e.%p\n");
    for (int i = 1; i <= 5; i++) {
      Path core = Files.writeString(dir.resolve("var/cores/core.java." + i), "x");
      Files.setLastModifiedTime(
          core, java.nio.file.attribute.FileTime.fromMillis(i * Cores.AGE_MILLIS_MAX / 4));
    }
    Files.writeString(dir.resolve("var/cores/other"), "x");
    assertThat(Cores.recent(dir, 6 * Cores.AGE_MILLIS_MAX / 4))
        .extracting(f -> f.getFileName().toString())
        .containsExactly("core.java.5", "core.java.4", "core.java.3");
    Files.writeString(dir.resolve("proc/sys/kernel/core_pattern"), "|/lib/systemd/coredump\n");
    assertThat(Cores.recent(dir, 0)).isEmpty();
  }

  @Test
  void nothingIsLeftOfAnArchiveThatCannotBeWritten() throws IOException {
    Path folder = Files.createDirectories(file().resolve("in-the-way"));
    assertThatThrownBy(() -> collect(text("a", "b"))).isInstanceOf(IOException.class);
    Files.delete(folder);
    Files.delete(file());
    assertThat(left()).isEmpty();
  }

  private static byte[] tar(Map<String, String> files, boolean link) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new GzipCompressorOutputStream(out))) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        byte[] bytes = file.getValue().getBytes(StandardCharsets.UTF_8);
        TarArchiveEntry entry =
            link
                ? new TarArchiveEntry(file.getKey(), TarArchiveEntry.LF_SYMLINK)
                : new TarArchiveEntry(file.getKey(), true);
        entry.setSize(link ? 0 : bytes.length);
        tar.putArchiveEntry(entry);
        if (!link) {
          tar.write(bytes);
        }
        tar.closeArchiveEntry();
      }
    }
    return out.toByteArray();
  }

  @Test
  void archiveOfSomebodyElseIsRefused() throws IOException {
    for (String name : List.of("../etc/passwd", "/etc/passwd", "a/../b", "A", "a b", "a//b")) {
      assertThat(ArchiveReader.fuzz(tar(Map.of(name, "x"), false))).as(name).isEqualTo(-1);
    }
    assertThat(ArchiveReader.fuzz(tar(Map.of("link", ""), true))).isEqualTo(-1);
    String none =
        "{\"version\":1,\"incident\":\"i\",\"at\":\"2026-11-22T18:15:03Z\",\"cause\":\"c\","
            + "\"reasons\":[],\"entries\":[],\"missing\":[]}";
    assertThat(ArchiveReader.fuzz(tar(Map.of("index.json", none), false))).isZero();
    assertThat(ArchiveReader.fuzz(tar(Map.of("index.json", none, "more", "x"), false)))
        .as("a file that the index does not name")
        .isEqualTo(-1);
    assertThat(
            ArchiveReader.fuzz(
                tar(Map.of("index.json", none.replace("\"version\":1", "\"version\":2")), false)))
        .isEqualTo(-1);
  }

  @Test
  void fileThatWasExchangedIsNoEvidence() throws IOException {
    String index =
        "{\"version\":1,\"incident\":\"i\",\"at\":\"2026-11-22T18:15:03Z\",\"cause\":\"c\","
            + "\"reasons\":[],\"entries\":[{\"name\":\"a\",\"about\":\"\",\"bytes\":9,"
            + "\"crc32c\":\"e3069283\",\"cut\":false}],\"missing\":[]}";
    assertThat(ArchiveReader.fuzz(tar(Map.of("index.json", index, "a", "123456789"), false)))
        .isEqualTo(1);
    assertThat(ArchiveReader.fuzz(tar(Map.of("index.json", index, "a", "123456780"), false)))
        .isEqualTo(-1);
    assertThat(ArchiveReader.fuzz(tar(Map.of("index.json", index, "b", "123456789"), false)))
        .isEqualTo(-1);
  }

  @Test
  void archiveThatUnpacksWithoutEndIsRefused() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new GzipCompressorOutputStream(out))) {
      TarArchiveEntry entry = new TarArchiveEntry("a");
      entry.setSize(200L << 20);
      tar.putArchiveEntry(entry);
      for (int i = 0; i < 200; i++) {
        tar.write(new byte[1 << 20]);
      }
      tar.closeArchiveEntry();
    }
    assertThat(out.size()).isLessThan(1 << 20);
    assertThat(ArchiveReader.fuzz(out.toByteArray())).isEqualTo(-1);
  }

  @Test
  void noChangedByteIsTakenForEvidence() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    ArchiveIndex index =
        collect(text("kernel/log.txt", "hello ".repeat(500)), text("b", "x"), text("c", "y"));
    byte[] good = Files.readAllBytes(file());
    assertThat(ArchiveReader.fuzz(good)).isEqualTo(3);
    for (int i = 0; i < 2000; i++) {
      byte[] bad = good.clone();
      if (i % 2 == 0) {
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      } else {
        bad = java.util.Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      // The header of the compression holds a time and a name, which say nothing.
      assertThat(ArchiveReader.fuzz(bad)).as("seed %d, round %d", seed, i).isIn(-1, 3);
    }
    for (int i = 0; i < 500; i++) {
      byte[] noise = new byte[random.nextInt(2000)];
      random.nextBytes(noise);
      assertThat(ArchiveReader.fuzz(noise)).as("seed %d, noise %d", seed, i).isEqualTo(-1);
    }
    assertThat(index.missing()).isEmpty();
  }

  @Test
  void evidenceOfThisHostIsCollectedWithinItsBounds() throws IOException {
    HostPaths paths = HostPaths.of(Map.of("TARDIGRADE_STATE", dir.resolve("state").toString()));
    ArchiveIndex index =
        Diagnosis.collect(
            file(),
            OCCASION,
            HostEvidence.of(
                Path.of("/"), paths, List.of(), Map.of("state/guests.json", () -> "[]")));
    assertThat(index.entries())
        .extracting(ArchiveIndex.Entry::name)
        .contains(
            "kernel/blocked.txt", "kernel/meminfo", "kernel/processes.txt", "state/guests.json");
    assertThat(index.missing()).extracting(ArchiveIndex.Missing::name).contains("logs/agent.log");
    assertThat(index.bytes()).isBetween(10_000L, Diagnosis.BYTES_MAX);
  }
}
