package io.tardigrade.system;

import io.tardigrade.cli.Cli;
import io.tardigrade.cli.Session;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.process.AgentLauncher;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** A machine of a cluster without guests: folders, an address and an agent of its own. */
final class ClusterMachine {
  final String name;
  final String address;
  final HostPaths paths;
  private final Map<String, String> environment;

  ClusterMachine(Path folder, String name, String address) {
    this.name = name;
    this.address = address;
    this.environment =
        Map.of(
            "PATH", System.getenv("PATH"),
            "TARDIGRADE_STATE", folder.resolve(name).resolve("state").toString(),
            "TARDIGRADE_RUN", folder.resolve(name).resolve("run").toString(),
            "TARDIGRADE_IMAGES", "/dev/shm/" + folder.getFileName() + "-" + name);
    this.paths = HostPaths.of(environment);
  }

  /** How a command ended. */
  record Result(int code, String out, String err) {
    Result succeeded() {
      if (code != 0) {
        throw new AssertionError(this);
      }
      return this;
    }

    String complaint() {
      return err.strip().lines().reduce("", (a, b) -> b).replaceFirst("^tardigrade: ", "");
    }
  }

  Result cli(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Cli.run(
            Session.onHost(
                environment,
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)),
            words);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  Result init(String zone) {
    return cli("host", "init", "--name", name, "--zone", zone, "--address", address);
  }

  String token(String... more) {
    String[] words = new String[2 + more.length];
    words[0] = "host";
    words[1] = "token";
    System.arraycopy(more, 0, words, 2, more.length);
    return cli(words).succeeded().out().strip();
  }

  Result join(String token, String zone) {
    return cli("host", "join", token, "--name", name, "--zone", zone, "--address", address);
  }

  /** State of each host, with a {@code *} where it votes. */
  Map<String, String> hosts() throws IOException {
    Result result = cli("host", "list", "-o", "json");
    Map<String, String> hosts = new TreeMap<>();
    if (result.code() == 0) {
      for (JsonNode host : Json.parse("hosts", result.out(), JsonNode.class)) {
        hosts.put(
            host.path("name").asString(""),
            host.path("state").asString("") + (host.path("server").asBoolean(false) ? "*" : ""));
      }
    }
    return hosts;
  }

  String servers() throws IOException {
    return Files.readString(paths.cluster().resolve("servers")).strip();
  }

  void killAgent() throws IOException {
    kill(AgentLauncher.pidFile(paths));
  }

  void killServer() throws IOException {
    kill(paths.cluster().resolve("zookeeper/lock"));
  }

  private static void kill(Path file) throws IOException {
    if (Files.exists(file)) {
      long pid = Long.parseLong(Files.readString(file).strip());
      Path commandLine = Path.of("/proc/" + pid + "/cmdline");
      if (Files.exists(commandLine) && Files.readString(commandLine).contains("io.tardigrade.")) {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        boolean _ = process.destroyForcibly();
        process.onExit().join();
      }
    }
  }

  /** A loss of power. */
  void kill() throws IOException {
    killAgent();
    killServer();
  }

  void startAgent() throws IOException {
    AgentLauncher.ensureAny(paths, text -> {});
  }

  String log() throws IOException {
    Path log = paths.state().resolve("agent.log");
    return Files.exists(log) ? Files.readString(log) : "";
  }
}
