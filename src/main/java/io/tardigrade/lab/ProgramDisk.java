package io.tardigrade.lab;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The disk that a host finds read-only under /opt/tardigrade: the program, what else is shown to
 * it, and what it has to know of itself.
 *
 * <pre>
 *   tardigrade.jar, lib/, native/   the program
 *   host-init                       what the host starts first
 *   host.env                        NAME='value' lines: where it is in the network
 *   bin/tardigrade                  starts the program
 *   tardigrade.aot, guardian.aot    its classes, linked beforehand
 *   services                        what it starts: "NAME COMMAND..." lines
 * </pre>
 */
final class ProgramDisk {
  private static final int SAID_CHARS_MAX = 200;
  private static final Duration TRAINING_MAX = Duration.ofMinutes(2);

  private ProgramDisk() {}

  static void make(
      LabSpec spec,
      LabOptions options,
      List<String> resolvers,
      HostFiles files,
      Consumer<String> progress)
      throws IOException {
    ProgramFiles program = ProgramFiles.current();
    Path staging = files.state().resolve("program");
    Tool.remove(staging);
    Files.createDirectories(staging.resolve("bin"));
    try {
      program.stage(staging);
      for (Map.Entry<String, Path> entry : options.files().entrySet()) {
        ProgramFiles.copy(entry.getValue(), staging.resolve(entry.getKey()));
      }
      Path init = Tool.extract("host-init.sh", staging.resolve("host-init"));
      Path launcher = Tool.extract("tardigrade.sh", staging.resolve("bin/tardigrade"));
      Tool.run("chmod", "755", init, launcher);
      train(Path.of(spec.system(), "jre"), staging, program.inHost(), progress);
      Files.write(staging.resolve("host.env"), environment(spec, resolvers, program.inHost()));
      Files.write(staging.resolve("services"), options.services());
      Files.deleteIfExists(files.program());
      Tool.run("truncate", "-s", "2G", files.program());
      List<Object> words = new ArrayList<>(List.of("mke2fs", "-q", "-t", "ext4", "-m", "0"));
      words.addAll(List.of("-O", "^has_journal", "-d", staging, files.program()));
      Tool.run(words.toArray());
    } finally {
      Tool.remove(staging);
    }
  }

  /** An aid only: without it everything works, and a JVM starts in seconds instead of one. */
  private static void train(Path jre, Path staging, String classPath, Consumer<String> progress)
      throws IOException {
    Path place = Files.createDirectory(staging.resolveSibling("place"));
    Path script = Tool.extract("train.sh", place.resolveSibling("train.sh"));
    try {
      Command.Result result =
          Command.attempt(
              List.of(
                  "unshare",
                  "--mount",
                  "sh",
                  script.toString(),
                  jre.toString(),
                  staging.toString(),
                  place.toString(),
                  classPath),
              "",
              TRAINING_MAX);
      if (!result.ok()) {
        Files.deleteIfExists(staging.resolve("tardigrade.aot"));
        Files.deleteIfExists(staging.resolve("guardian.aot"));
        progress.accept(
            "programs will start slowly in the host: training failed: "
                + lastLine(result.stderr()));
      }
    } finally {
      // Folders that were mounted upon elsewhere: here they are empty, or must not be emptied.
      Files.deleteIfExists(place.resolve("jre"));
      Files.deleteIfExists(place.resolve("tardigrade"));
      Files.deleteIfExists(place);
      Files.deleteIfExists(script);
    }
  }

  private static String lastLine(String said) {
    String line = said.strip().lines().reduce("", (_, next) -> next);
    return line.substring(0, Math.min(line.length(), SAID_CHARS_MAX));
  }

  static List<String> environment(LabSpec spec, List<String> resolvers, String classPath) {
    List<String> lines = new ArrayList<>();
    lines.add("HOST_NAME='" + spec.name() + "'");
    lines.add("HOST_ADDRESS='" + spec.address() + "/" + spec.prefix() + "'");
    lines.add("HOST_GATEWAY='" + spec.gateway() + "'");
    lines.add("HOST_RESOLVERS='" + String.join(" ", resolvers) + "'");
    lines.add("TARDIGRADE_SUBNET='" + spec.guestNetwork() + "'");
    lines.add("CLASSPATH='" + classPath + "'");
    return lines;
  }
}
