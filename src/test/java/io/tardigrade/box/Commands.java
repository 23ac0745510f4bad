package io.tardigrade.box;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Scripts bundled with the tests. */
final class Commands {
  private Commands() {}

  /** A file bundled beside this class. */
  static byte[] resource(String name) throws IOException {
    try (InputStream in = Commands.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name + " beside " + Commands.class.getName());
      }
      return in.readAllBytes();
    }
  }

  /** Writes a bundled file to {@code target}. */
  static Path extract(String name, Path target) throws IOException {
    return Files.write(target, resource(name));
  }
}
