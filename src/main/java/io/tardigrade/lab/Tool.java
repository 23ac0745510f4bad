package io.tardigrade.lab;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Commands of this machine, and files bundled beside this class. */
final class Tool {
  private static final Duration TIME_MAX = Duration.ofMinutes(5);

  private Tool() {}

  /** Runs a command that has to succeed. */
  static void run(Object... words) throws IOException {
    List<String> command = Arrays.stream(words).map(Object::toString).toList();
    var _ = Command.run(command, "", TIME_MAX);
  }

  /** Removes a file or a whole folder, where there is one. */
  static void remove(Path path) throws IOException {
    run("rm", "-rf", "--", path);
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream in = Tool.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("no resource " + name + " beside " + Tool.class.getName());
      }
      return in.readAllBytes();
    }
  }

  /** Writes a bundled file to {@code target}. */
  static Path extract(String name, Path target) throws IOException {
    return Files.write(target, resource(name));
  }
}
