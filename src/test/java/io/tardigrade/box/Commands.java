package io.tardigrade.box;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Commands and bundled scripts run on this machine. */
final class Commands {
  private Commands() {}

  /** Runs a command to its end and throws with what it said if it failed. */
  static void run(String purpose, String... command) throws IOException {
    Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = awaitEnd(process);
    if (code != 0) {
      throw new IOException(
          "%s: '%s' ended with %d: %s"
              .formatted(purpose, String.join(" ", command), code, said.strip()));
    }
  }

  private static int awaitEnd(Process process) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + process.info().command(), e);
    }
  }

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
