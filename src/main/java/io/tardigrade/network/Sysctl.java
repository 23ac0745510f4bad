package io.tardigrade.network;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Kernel settings under /proc/sys/net, of this process's network namespace. */
final class Sysctl {
  private static final Path ROOT = Path.of("/proc/sys/net");

  private Sysctl() {}

  static boolean exists(String key) {
    return Files.exists(ROOT.resolve(key));
  }

  static String read(String key) throws IOException {
    return Files.readString(ROOT.resolve(key), StandardCharsets.US_ASCII).strip();
  }

  /** Writes where the value differs; returns whether it did. */
  static boolean set(String key, String value) throws IOException {
    if (read(key).equals(value)) {
      return false;
    }
    try {
      Files.writeString(ROOT.resolve(key), value, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new IOException(
          "cannot set the kernel setting net/" + key + " to " + value + ": are we root?", e);
    }
    return true;
  }
}
