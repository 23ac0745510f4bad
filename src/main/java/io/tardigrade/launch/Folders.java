package io.tardigrade.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Folders of guests while they are being made or taken away. */
final class Folders {
  /** How the names of such folders begin; no guest's name does. */
  private static final String PREFIX = ".";

  private static final String MIDDLE = ".tmp-";

  private static final int ATTEMPTS_MAX = 10;

  private Folders() {}

  /**
   * A new folder beside the guests'. Only root can look into it; the guest's hypervisor can reach
   * those files in it that are its own.
   */
  static Path stage(Path guests, String name) throws IOException {
    Files.createDirectories(guests);
    Path folder = Files.createTempDirectory(guests, PREFIX + name + MIDDLE);
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  /**
   * Deletes what commands that were killed have left; call it under the state lock.
   *
   * @return the names of the guests that they were about
   */
  static List<String> sweep(Path guests) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(guests)) {
      try (var left = Files.newDirectoryStream(guests, PREFIX + "*" + MIDDLE + "*")) {
        for (Path folder : left) {
          String name = folder.getFileName().toString();
          names.add(name.substring(PREFIX.length(), name.indexOf(MIDDLE)));
          delete(folder);
        }
      }
    }
    return names;
  }

  /** Deletes a folder that holds nothing. */
  static void deleteIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      // Somebody else's, or made this very moment: it stays.
    }
  }

  /**
   * Deletes a file, or a folder with all it holds; follows no link, and nothing there is fine. What
   * a process that is just ending adds meanwhile goes too.
   */
  static void delete(Path root) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        deleteOnce(root);
        return;
      } catch (DirectoryNotEmptyException e) {
        if (attempt == ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }

  private static void deleteOnce(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> walk = Files.walk(root)) {
      entries = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException | UncheckedIOException e) {
      // Something went while it was being listed; what is left is found the next time.
      throw (DirectoryNotEmptyException)
          new DirectoryNotEmptyException(root.toString()).initCause(e);
    }
    for (Path entry : entries) {
      Files.deleteIfExists(entry);
    }
  }
}
