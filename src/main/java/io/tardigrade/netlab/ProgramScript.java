package io.tardigrade.netlab;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The command {@code tardigrade} in a host: the program that runs here, by its class path. */
final class ProgramScript {
  private ProgramScript() {}

  static void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    // Surefire hands its tests one jar that only names the real class path.
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    StringBuilder absolute = new StringBuilder();
    for (String entry : path.split(File.pathSeparator, -1)) {
      if (!entry.isEmpty()) {
        absolute.append(absolute.isEmpty() ? "" : File.pathSeparator);
        absolute.append(Path.of(entry).toAbsolutePath().normalize());
      }
    }
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path script = folder.resolve("tardigrade");
    Files.writeString(
        script,
        """
        #!/bin/sh
        exec '%s' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m %s \\
          --enable-native-access=ALL-UNNAMED -cp '%s' io.tardigrade.cli.Main "$@"
        """
            .formatted(java, cache(), absolute));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** What makes the program start faster, where the launcher has made it. */
  private static String cache() throws IOException {
    try {
      Path program =
          Path.of(ProgramScript.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path cache = program.toAbsolutePath().resolveSibling("tardigrade.aot");
      return Files.isRegularFile(cache) ? "-Xlog:disable '-XX:AOTCache=" + cache + "'" : "";
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where the program lies", e);
    }
  }
}
