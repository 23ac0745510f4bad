package io.tardigrade.launch;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses a program that is not on this host, before anything is made for it. */
final class HostProgram {
  private static final String PATH_DEFAULT =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private HostProgram() {}

  /**
   * Checks a program.
   *
   * @param searchPath where it is looked up; null for this process's {@code PATH}
   */
  static void check(String command, @Nullable String searchPath) {
    String path =
        searchPath != null ? searchPath : System.getenv().getOrDefault("PATH", PATH_DEFAULT);
    if (!isThere(command, path)) {
      throw RefusedException.notFound(
          "program '"
              + command
              + "' is not on this host: install it, or give the path of an executable file");
    }
  }

  private static boolean isThere(String command, String path) {
    try {
      if (command.contains("/")) {
        return executable(Path.of(command));
      }
      return !command.isEmpty()
          && List.of(path.split(":", -1)).stream()
              .filter(folder -> folder.startsWith("/"))
              .anyMatch(folder -> executable(Path.of(folder, command)));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean executable(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
