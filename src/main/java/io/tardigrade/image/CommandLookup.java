package io.tardigrade.image;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Finds the file that a command's name stands for, as a shell would. */
final class CommandLookup {
  /** Where commands are looked up when the caller gave no PATH, and the guest's own default. */
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private CommandLookup() {}

  /**
   * The absolute path of {@code command}: itself when it contains a slash, else the first
   * executable of that name in {@code path}.
   */
  static Path find(String command, String path) throws ImageException {
    if (command.isEmpty() || command.indexOf('\0') >= 0) {
      throw new ImageException("the program's name is empty or has a NUL in it; name a program");
    }
    try {
      return command.contains("/") ? named(command) : searched(command, path);
    } catch (InvalidPathException e) {
      throw new ImageException("`" + command + "` cannot be a file's name here", e);
    }
  }

  private static Path named(String command) throws ImageException {
    Path file = Path.of(command).toAbsolutePath().normalize();
    if (Files.isDirectory(file)) {
      throw new ImageException(command + " is a folder; name a program");
    }
    if (!Files.isRegularFile(file)) {
      throw new ImageException(command + " does not exist; name a program of this host");
    }
    if (!Files.isExecutable(file)) {
      throw new ImageException(command + " is not executable; `chmod +x` it or name another");
    }
    return file;
  }

  private static Path searched(String command, String path) throws ImageException {
    for (String folder : path.split(":", -1)) {
      if (folder.startsWith("/")) {
        Path file = Path.of(folder).resolve(command);
        if (Files.isRegularFile(file) && Files.isExecutable(file)) {
          return file;
        }
      }
    }
    throw new ImageException(
        "`" + command + "` was not found in " + path + "; install it or give its path");
  }
}
