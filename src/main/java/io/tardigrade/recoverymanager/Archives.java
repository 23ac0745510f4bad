package io.tardigrade.recoverymanager;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Bounds how many archives of evidence are kept, and takes away what was left half-made. */
final class Archives {
  /** So many are kept; each is bounded itself. */
  static final int KEPT_MAX = 16;

  private Archives() {}

  /** Removes the oldest; their names begin with their time. */
  static void prune(Path incidents) throws IOException {
    List<Path> archives = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(incidents, "[0-9]*.tar.gz")) {
      files.forEach(archives::add);
    }
    archives.sort(null);
    for (Path archive : archives.subList(0, Math.max(0, archives.size() - KEPT_MAX))) {
      Files.deleteIfExists(archive);
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(incidents, ".*.tar.gz.new")) {
      for (Path unfinished : files) {
        Files.deleteIfExists(unfinished);
      }
    }
  }
}
