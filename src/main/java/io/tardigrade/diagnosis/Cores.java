package io.tardigrade.diagnosis;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Finds core dumps where the kernel, or systemd, puts them; see core(5). */
final class Cores {
  static final int COUNT_MAX = 3;
  static final long AGE_MILLIS_MAX = 86_400_000;

  private static final int FILES_MAX = 10_000;
  private static final Path SYSTEMD = Path.of("var/lib/systemd/coredump");

  private Cores() {}

  private record Core(Path file, long modifiedMillis) {}

  /** The newest of the last day, newest first. */
  static List<Path> recent(Path root, long nowMillis) {
    List<Core> cores = new ArrayList<>();
    try {
      String pattern =
          new String(
                  KernelEvidence.read(root.resolve("proc/sys/kernel/core_pattern"), 256),
                  java.nio.charset.StandardCharsets.UTF_8)
              .strip();
      if (pattern.startsWith("|")) {
        add(cores, root.resolve(SYSTEMD), "core.");
      } else {
        // Our processes work in the root folder.
        Path where = Path.of("/").resolve(pattern);
        String name = String.valueOf(where.getFileName()).replaceFirst("%.*", "");
        Path folder = where.getParent();
        if (folder != null && name.length() >= 3) {
          add(cores, root.resolve(Path.of("/").relativize(folder)), name);
        }
      }
    } catch (IOException | RuntimeException e) {
      // A host that does not tell has none that could be found.
      return List.of();
    }
    return cores.stream()
        .filter(core -> nowMillis - core.modifiedMillis() < AGE_MILLIS_MAX)
        .sorted(Comparator.comparingLong(Core::modifiedMillis).reversed())
        .limit(COUNT_MAX)
        .map(Core::file)
        .toList();
  }

  private static void add(List<Core> cores, Path folder, String beginning) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    int looked = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (++looked > FILES_MAX) {
          return;
        }
        if (file.getFileName().toString().startsWith(beginning)
            && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          cores.add(new Core(file, Files.getLastModifiedTime(file).toMillis()));
        }
      }
    }
  }
}
