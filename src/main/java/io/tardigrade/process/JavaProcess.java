package io.tardigrade.process;

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
public final class JavaProcess {
  /** Variables by which a service manager speaks to the one process that it started. */
  private static final List<String> OF_THE_SERVICE =
      List.of("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS");

  /** Small and quick to start. */
  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          // The second compiler would take 30 MiB and gain nothing measurable: the work is in
          // system calls and copies.
          "-XX:TieredStopAtLevel=1",
          "-Xms8m",
          "-Xss512k",
          "-XX:ReservedCodeCacheSize=32m",
          "-XX:-UsePerfData",
          "-XX:+ExitOnOutOfMemoryError",
          // Not --illegal-native-access: with it the JDK does not use its cache of linked classes,
          // and a process takes three times as long to start.
          "--enable-native-access=ALL-UNNAMED");

  private JavaProcess() {}

  /**
   * Starts a class that has a main method, with a pipe for its stdin.
   *
   * @param mainClass by its name, since who starts a process need not know what is in it
   * @param heapMebibytesMax bound of its heap
   * @param log what it writes to stdout and stderr is appended to this file
   */
  public static Process start(
      HostPaths paths, String mainClass, int heapMebibytesMax, List<String> arguments, Path log)
      throws IOException {
    Files.createDirectories(log.toAbsolutePath().getParent());
    RotatingLog.makeRoom(log);
    List<String> command = new ArrayList<>(List.of("setsid", javaBinary()));
    command.addAll(OPTIONS);
    command.add("-Xmx" + heapMebibytesMax + "m");
    Path cache = aotCache(mainClass);
    if (Files.isRegularFile(cache)) {
      command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:aot+codecache=off"));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(new File("/"))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeAll(OF_THE_SERVICE);
    environment.put("TARDIGRADE_STATE", paths.state().toString());
    environment.put("TARDIGRADE_RUN", paths.run().toString());
    environment.put("TARDIGRADE_IMAGES", paths.images().toString());
    return builder.start();
  }

  private static String javaBinary() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * Beside the program, where the launcher made it: one for the guardian alone, which loads at once
   * all that is in it, and one for everything else.
   */
  private static Path aotCache(String mainClass) throws IOException {
    try {
      Path program =
          Path.of(JavaProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      boolean guardian = mainClass.startsWith("io.tardigrade.guardian.");
      return program.toAbsolutePath().resolveSibling(guardian ? "guardian.aot" : "tardigrade.aot");
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where the program lies", e);
    }
  }
}
