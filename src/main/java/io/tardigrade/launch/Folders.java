package io.tardigrade.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Folders of guests while they are being made or taken away. */
public final class Folders {
  /** How the names of such folders begin; no guest's name does. */
  private static final String PREFIX = ".";

  private static final String MIDDLE = ".tmp-";

  /** In the folder of a guest that is being made: volumes made for it, a name a line. */
  private static final String VOLUMES = "volumes-being-made";

  /** In the folder of a guest: volumes made for its replica on this host, a name a line. */
  private static final String REPLICA_VOLUMES = "volumes-of-replica";

  private static final int ATTEMPTS_MAX = 10;

  private static final long ATTEMPT_PAUSE_NANOS = 20_000_000;

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
   * What somebody who was killed was about to make.
   *
   * @param guest its name
   * @param volumes that were being made for it
   */
  record Left(String guest, List<String> volumes) {
    Left {
      volumes = List.copyOf(volumes);
    }
  }

  /** Notes a volume that is going to be made for the guest that is being made. */
  static void noteVolume(Path stage, String volume) throws IOException {
    note(stage.resolve(VOLUMES), volume);
  }

  /** Notes a volume that goes when the guest's replica does. */
  static void noteReplicaVolume(Path guest, String volume) throws IOException {
    note(guest.resolve(REPLICA_VOLUMES), volume);
  }

  private static void note(Path file, String line) throws IOException {
    Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** The volumes that go when the guest's replica does. */
  static List<String> replicaVolumes(Path guest) throws IOException {
    Path file = guest.resolve(REPLICA_VOLUMES);
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  /** From here on the volumes of the guest stay, whatever becomes of it. */
  static void keepVolumes(Path stage) throws IOException {
    Files.deleteIfExists(stage.resolve(VOLUMES));
  }

  /**
   * Deletes the folders that those who were killed have left; call it under the state lock.
   *
   * @param each is told of one before it is deleted
   */
  static void sweep(Path guests, Sweeper each) throws IOException {
    if (Files.isDirectory(guests)) {
      try (var left = Files.newDirectoryStream(guests, PREFIX + "*" + MIDDLE + "*")) {
        for (Path folder : left) {
          String name = folder.getFileName().toString();
          Path noted = folder.resolve(VOLUMES);
          each.takeAway(
              new Left(
                  name.substring(PREFIX.length(), name.indexOf(MIDDLE)),
                  Files.exists(noted) ? Files.readAllLines(noted) : List.of()));
          delete(folder);
        }
      }
    }
  }

  /** Takes away what belongs to a folder that is swept. */
  interface Sweeper {
    void takeAway(Left left) throws IOException;
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
  public static void delete(Path root) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        deleteOnce(root);
        return;
      } catch (DirectoryNotEmptyException e) {
        if (attempt == ATTEMPTS_MAX) {
          throw e;
        }
        LockSupport.parkNanos(ATTEMPT_PAUSE_NANOS);
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
