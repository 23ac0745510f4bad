package io.tardigrade.launch;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** Refuses a program that is not on this host, before anything is made for it. */
final class HostProgram {
  private static final String PATH_DEFAULT =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private HostProgram() {}

  static void check(String command) {
    if (!isThere(command)) {
      throw RefusedException.notFound(
          "program '"
              + command
              + "' is not on this host: install it, or give the path of an executable file");
    }
  }

  private static boolean isThere(String command) {
    try {
      if (command.contains("/")) {
        return executable(Path.of(command));
      }
      return !command.isEmpty()
          && List.of(System.getenv().getOrDefault("PATH", PATH_DEFAULT).split(":")).stream()
              .anyMatch(folder -> executable(Path.of(folder, command)));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean executable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
