package io.tardigrade.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The disk that a host finds read-only under /opt/tardigrade: the program, what else is shown to
 * it, and what it has to know of itself.
 *
 * <pre>
 *   tardigrade.jar, lib/, native/   the program
 *   host-init                       what the host starts first
 *   host.env                        NAME='value' lines: where it is in the network
 *   services                        what it starts: "NAME COMMAND..." lines
 * </pre>
 */
final class ProgramDisk {
  private ProgramDisk() {}

  static void make(LabSpec spec, LabOptions options, List<String> resolvers, HostFiles files)
      throws IOException {
    ProgramFiles program = ProgramFiles.current();
    Map<String, Path> shown = new HashMap<>(program.files());
    shown.putAll(options.files());
    Path staging = files.state().resolve("program");
    Tool.remove(staging);
    Files.createDirectories(staging);
    try {
      for (Map.Entry<String, Path> entry : shown.entrySet()) {
        Path target = staging.resolve(entry.getKey());
        Files.createDirectories(target.getParent());
        Tool.run("cp", "-rL", entry.getValue(), target);
      }
      Tool.extract("host-init.sh", staging.resolve("host-init"));
      Tool.run("chmod", "755", staging.resolve("host-init"));
      Files.write(staging.resolve("host.env"), environment(spec, resolvers, program.inHost()));
      Files.write(staging.resolve("services"), options.services());
      Files.deleteIfExists(files.program());
      Tool.run("truncate", "-s", "2G", files.program());
      Tool.run(
          "mke2fs",
          "-q",
          "-t",
          "ext4",
          "-m",
          "0",
          "-O",
          "^has_journal",
          "-d",
          staging,
          files.program());
    } finally {
      Tool.remove(staging);
    }
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
