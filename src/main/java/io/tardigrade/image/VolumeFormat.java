package io.tardigrade.image;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Makes sparse files that hold an ext4 file system the guest kernel can mount. */
public final class VolumeFormat {
  /** The smallest volume; below it ext4 has no room for a journal. */
  public static final long BYTES_MIN = 8L << 20;

  /** The largest volume. */
  public static final long BYTES_MAX = 16L << 40;

  private static final Duration TIME_MAX = Duration.ofMinutes(10);

  private VolumeFormat() {}

  /**
   * Makes {@code file}, a new volume of {@code sizeBytes} (rounded down to 4 KiB), in one step; a
   * file of that name is replaced.
   */
  public static void create(Path file, long sizeBytes) throws IOException {
    if (sizeBytes < BYTES_MIN || sizeBytes > BYTES_MAX) {
      throw new ImageException(
          "a volume of " + sizeBytes + " bytes was asked for; expected 8 MiB to 16 TiB");
    }
    Staging.file(file, temporary -> format(temporary, sizeBytes, List.of()));
  }

  /** Deletes what those who were killed while they made a volume in {@code folder} have left. */
  public static void sweep(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (var left = Files.newDirectoryStream(folder, Staging.TEMPORARY_PREFIX + "*")) {
        for (Path file : left) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** Formats {@code file} with {@code sizeBytes}; {@code more} are further options of mke2fs. */
  static void format(Path file, long sizeBytes, List<String> more) throws IOException {
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(sizeBytes & -4096L);
    }
    // Tables are written now, not by the guest in the background: an idle guest is to be idle.
    // The file is new and sparse, so there is nothing to discard. Nothing is kept back for root.
    List<String> command =
        new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-b", "4096"));
    command.addAll(List.of("-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"));
    command.addAll(more);
    command.add(file.toString());
    HostCommand.run(null, TIME_MAX, command);
  }

  /** Whether {@code file} begins as an ext2, 3 or 4 file system. */
  public static boolean isExt4(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (RandomAccessFile reader = new RandomAccessFile(file.toFile(), "r")) {
      if (reader.length() < 2048) {
        return false;
      }
      // The superblock starts at 1024; its magic number 0xef53 is at 56, little endian.
      reader.seek(1024 + 56);
      return reader.read() == 0x53 && reader.read() == 0xef;
    }
  }
}
