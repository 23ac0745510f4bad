package io.tardigrade.links;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Certificates that were taken back, in a file that the agent keeps up to date and that is read
 * again when it has changed. Any thread.
 *
 * <pre>
 *   serial number in hexadecimal, a line each
 * </pre>
 */
final class RemovedFile {
  private static final int BYTES_MAX = 1 << 20;

  private final Path file;
  private String seen = "";
  private Set<String> serials = Set.of();

  RemovedFile(Path file) {
    this.file = file;
  }

  /**
   * Whether a certificate was taken back.
   *
   * @throws UncheckedIOException where that cannot be told
   */
  synchronized boolean contains(BigInteger serial) {
    try {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      String now = found.fileKey() + " " + found.lastModifiedTime() + " " + found.size();
      if (!now.equals(seen)) {
        serials = read(found.size());
        seen = now;
      }
    } catch (NoSuchFileException e) {
      serials = Set.of();
      seen = "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return serials.contains(serial.toString(16));
  }

  private Set<String> read(long size) throws IOException {
    if (size > BYTES_MAX) {
      throw new IOException(file + " is larger than " + BYTES_MAX + " bytes");
    }
    List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
    return lines.stream().map(String::strip).collect(Collectors.toUnmodifiableSet());
  }
}
