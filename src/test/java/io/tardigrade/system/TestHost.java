package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.cli.Cli;
import io.tardigrade.cli.Session;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.process.AgentLauncher;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * An installation of its own for one test class: folders, agent, bridge. {@link #close} takes all
 * of it away and fails where anything of it is left.
 */
final class TestHost {
  private static final Path LOGS = Path.of("target", "system-logs");

  private static final long END_MILLIS_MAX = 20_000;

  private final Path home;
  private final Path images;
  private final HostPaths paths;
  private final List<Guest> guests = new ArrayList<>();

  /** How a command ended. */
  record Result(int code, String out, String err) {
    /** What it wrote to stderr last, without the program's name. */
    String complaint() {
      List<String> lines = err.strip().lines().toList();
      return lines.isEmpty() ? "" : lines.getLast().replaceFirst("^tardigrade: ", "");
    }
  }

  private TestHost(Path home, Path images) {
    this.home = home;
    this.images = images;
    this.paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", home.resolve("state").toString(),
                "TARDIGRADE_RUN", home.resolve("run").toString(),
                "TARDIGRADE_IMAGES", images.toString()));
  }

  static TestHost create() throws IOException {
    Path home = openFolder(Path.of("/tmp"));
    return create(home, Path.of("/dev/shm").resolve(home.getFileName()));
  }

  /** One whose committed images lie in {@code images}, a folder of the caller's. */
  static TestHost createWithImages(Path images) throws IOException {
    return create(openFolder(Path.of("/tmp")), images);
  }

  private static TestHost create(Path home, Path images) throws IOException {
    TestHost host = new TestHost(home, images);
    NativeBuild.helpers();
    // All share the guests' kernel, which is fetched once.
    Path cache = Path.of("target", "guest-cache").toAbsolutePath();
    Files.createDirectories(cache);
    Files.createDirectories(host.paths.state());
    Files.createSymbolicLink(host.paths.cache(), cache);
    return host;
  }

  /** Unprivileged hypervisors have to reach what lies in it. */
  private static Path openFolder(Path parent) throws IOException {
    Path folder = Files.createTempDirectory(parent, "tg-");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    return folder;
  }

  HostPaths paths() {
    return paths;
  }

  EventLog events() {
    return new EventLog(paths.events());
  }

  IncidentStore incidents() {
    return new IncidentStore(paths.incidents());
  }

  /** A new folder for a test's files, gone with this host. */
  Path folder(String name) throws IOException {
    return Files.createDirectories(home.resolve("files").resolve(name));
  }

  /** Runs a command line. */
  Result cli(String... words) {
    return cli(Map.of(), words);
  }

  /** As {@link #cli}, with more variables. */
  Result cli(Map<String, String> more, String... words) {
    Map<String, String> environment = new java.util.HashMap<>(environment());
    environment.putAll(more);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Session session =
        Session.onHost(
            environment,
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    int code = Cli.run(session, words);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private Map<String, String> environment() {
    return Map.of(
        "PATH", System.getenv("PATH") + ":/usr/sbin:/sbin",
        "TARDIGRADE_STATE", paths.state().toString(),
        "TARDIGRADE_RUN", paths.run().toString(),
        "TARDIGRADE_IMAGES", paths.images().toString());
  }

  /** Runs a command line that has to succeed. */
  Result must(String... words) {
    Result result = cli(words);
    assertThat(result.code())
        .as("tardigrade %s: %s", String.join(" ", words), result.err())
        .isZero();
    return result;
  }

  /**
   * Makes and starts a guest in the background, to be deleted after the test; {@code words} follow
   * {@code run --name NAME}.
   */
  Guest run(String name, String... words) {
    Guest guest = new Guest(this, name);
    guests.add(guest);
    runShared(name, words);
    return guest;
  }

  /** As {@link #run}, but deleted after all tests of the class. */
  Guest runShared(String name, String... words) {
    List<String> all = new ArrayList<>(List.of("run", "--name", name, "--detach"));
    all.addAll(List.of(words));
    must(all.toArray(String[]::new));
    return new Guest(this, name);
  }

  /** Deletes the guests made by {@link #run}. */
  void deleteGuests() {
    List<Guest> made = List.copyOf(guests);
    guests.clear();
    made.forEach(Guest::delete);
  }

  /** Ids of processes whose command line or environment names this installation. */
  List<Long> processes() {
    return Processes.find(p -> p.mentions(home.toString() + "/"));
  }

  /** The agents: one, or none. */
  List<Long> agents() {
    return Processes.find(
        p -> p.commandLine().contains(AgentLauncher.MAIN) && p.mentions(paths.state().toString()));
  }

  private void end(long pid) {
    try {
      Linux.kill(pid, Linux.SIGKILL);
    } catch (IOException e) {
      // It has ended by itself.
    }
  }

  /** Keeps what tells why a test failed. */
  void keepLogs(String test) throws IOException {
    Path kept = LOGS.resolve(test);
    delete(kept);
    if (!Files.isDirectory(paths.state())) {
      return;
    }
    try (Stream<Path> files = Files.walk(paths.state())) {
      for (Path file : files.filter(TestHost::tells).toList()) {
        Path copy = kept.resolve(paths.state().relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static boolean tells(Path file) {
    return Files.isRegularFile(file)
        && file.getFileName().toString().matches(".*\\.(log|log\\.1|json|jsonl)|desired");
  }

  /** Takes everything away; fails where anything was left that should not have been. */
  void close() throws Exception {
    List<String> left = new ArrayList<>();
    for (String guest : GuestFiles.names(paths)) {
      Result deleted = cli("delete", "-y", guest);
      if (deleted.code() != 0) {
        left.add("guest " + guest + ": " + deleted.err());
      }
    }
    left.addAll(remains(paths.guests()));
    left.addAll(remains(images));
    endProcesses(left);
    Installation installation = HostAddressing.installation(paths);
    new HostNetwork(installation, paths.state()).tearDown();
    left.addAll(devices(installation));
    if (Command.run("nft", "list", "tables").contains(installation.table())) {
      left.add("nft table " + installation.table());
    }
    for (String mount : Files.readAllLines(Path.of("/proc/mounts"))) {
      if (mount.contains(home + "/")) {
        left.add("mount " + mount);
      }
    }
    delete(home);
    delete(images);
    assertThat(left).as("what is left of this installation").isEmpty();
  }

  /** The agent leaves by itself after some idle seconds, which are not waited for here. */
  private void endProcesses(List<String> left) throws InterruptedException {
    List<Long> agents = agents();
    List<Long> others = processes().stream().filter(pid -> !agents.contains(pid)).toList();
    for (long pid : Processes.goneWithin(others, END_MILLIS_MAX)) {
      left.add("process " + pid + ": " + Processes.describe(pid));
    }
    processes().forEach(this::end);
    for (long pid : Processes.goneWithin(processes(), END_MILLIS_MAX)) {
      left.add("process " + pid + " after it was killed: " + Processes.describe(pid));
    }
  }

  private static List<String> remains(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toString).toList();
    }
  }

  private static List<String> devices(Installation installation) throws IOException {
    try (Stream<Path> devices = Files.list(Path.of("/sys/class/net"))) {
      return devices
          .map(d -> d.getFileName().toString())
          .filter(d -> d.startsWith(installation.tapPrefix()) || d.equals(installation.bridge()))
          .map(d -> "network device " + d)
          .toList();
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
