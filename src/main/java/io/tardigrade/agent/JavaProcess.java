package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts another Java process of this program, in a session of its own so that no terminal takes it
 * along.
 */
final class JavaProcess {
  /**
   * Small and quick to start. A guardian keeps guest memory and frames outside the heap, so a heap
   * of this size is ample.
   */
  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          // The second compiler would take 30 MiB and gain nothing measurable: the work is in
          // system calls and copies.
          "-XX:TieredStopAtLevel=1",
          "-Xms8m",
          "-Xmx40m",
          "-Xss512k",
          "-XX:ReservedCodeCacheSize=32m",
          "-XX:-UsePerfData",
          "-XX:+ExitOnOutOfMemoryError",
          "--enable-native-access=ALL-UNNAMED",
          "--illegal-native-access=deny");

  private JavaProcess() {}

  /**
   * Starts {@code mainClass}, with a pipe for its stdin.
   *
   * @param log what it writes to stdout and stderr is appended to this file
   */
  static Process start(HostPaths paths, Class<?> mainClass, List<String> arguments, Path log)
      throws IOException {
    Files.createDirectories(log.toAbsolutePath().getParent());
    List<String> command = new ArrayList<>(List.of("setsid", javaBinary()));
    command.addAll(OPTIONS);
    Path cache = aotCache();
    if (Files.isRegularFile(cache)) {
      command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:aot+codecache=off"));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.put("TARDIGRADE_STATE", paths.state().toString());
    environment.put("TARDIGRADE_RUN", paths.run().toString());
    environment.put("TARDIGRADE_IMAGES", paths.images().toString());
    return builder.start();
  }

  private static String javaBinary() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Beside the program, where the launcher made it. */
  private static Path aotCache() throws IOException {
    try {
      Path program =
          Path.of(JavaProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return program.toAbsolutePath().resolveSibling("tardigrade.aot");
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where the program lies", e);
    }
  }
}
