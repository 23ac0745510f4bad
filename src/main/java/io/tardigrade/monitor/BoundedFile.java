package io.tardigrade.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads small files of /proc and /sys, whatever size they say they have. */
final class BoundedFile {
  static final int BYTES_MAX = 64 << 10;

  private BoundedFile() {}

  /** The text of {@code file}; what is beyond the bound is left out. */
  static String read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(BYTES_MAX), StandardCharsets.UTF_8);
    }
  }

  /** As {@link #read}, empty where there is no such file. */
  static String readIfThere(Path file) throws IOException {
    return Files.exists(file) ? read(file) : "";
  }
}
