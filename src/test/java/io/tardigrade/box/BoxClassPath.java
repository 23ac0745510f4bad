package io.tardigrade.box;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The class path of this JVM, as it is shown in the box.
 *
 * @param files name under /opt/tardigrade to the jar or folder here, in the order of the class path
 */
record BoxClassPath(Map<String, Path> files) {
  private static final String ROOT = "/opt/tardigrade/";

  /** Build output and libraries of the running test; Surefire's own jar is looked through. */
  static BoxClassPath current() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Map<String, Path> files = new LinkedHashMap<>();
    for (String entry : path.split(File.pathSeparator, -1)) {
      Path file = Path.of(entry);
      if (Files.exists(file) && !entry.isEmpty()) {
        String name = file.toAbsolutePath().normalize().getFileName().toString();
        files.put((Files.isDirectory(file) ? "" : "lib/") + name, file);
      }
    }
    return new BoxClassPath(files);
  }

  /** The value of {@code -cp} in the box. */
  String inBox() {
    return ROOT + String.join(":" + ROOT, files.keySet());
  }

  /** Copies everything into {@code folder}, to make a disk of it. */
  static void stage(Map<String, Path> files, Path folder) throws IOException {
    for (Map.Entry<String, Path> entry : files.entrySet()) {
      Path target = folder.resolve(entry.getKey());
      Files.createDirectories(target.getParent());
      Commands.run(
          "copying into the box", "cp", "-rL", entry.getValue().toString(), target.toString());
    }
  }
}
