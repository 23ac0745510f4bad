package io.tardigrade.system;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.Replica;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Folders;
import io.tardigrade.netlab.NamespaceHost;
import io.tardigrade.netlab.NamespaceLab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A lab of three hosts in one cluster, and in it a redis guest with two backups. */
final class FailureLab implements AutoCloseable {
  static final String GUEST = "kv";
  private static final Path LOGS = Path.of("target", "system-logs");
  private static final Duration COMMAND_MAX = Duration.ofMinutes(3);
  private static final String WHOLE = "2/2";
  private static final long POLL_MILLIS = 100;

  private final HostPaths paths;
  private final NamespaceLab lab;
  private String address = "";

  private FailureLab(HostPaths paths) {
    this.paths = paths;
    this.lab = new NamespaceLab(paths, _ -> {});
  }

  static FailureLab open() throws Exception {
    NativeBuild.helpers();
    Path state = Files.createTempDirectory(Path.of("/tmp"), "tg-");
    // Hypervisors run as users of their own and have to reach their guest's files.
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path cache = Path.of("target", "guest-cache").toAbsolutePath();
    Files.createDirectories(cache);
    Files.createSymbolicLink(state.resolve("cache"), cache);
    FailureLab made = new FailureLab(HostPaths.of(Map.of("TARDIGRADE_STATE", state.toString())));
    try {
      var _ = made.lab.up(3);
      made.lab.makeCluster();
      made.startGuest();
      return made;
    } catch (Exception | AssertionError e) {
      made.keepLogs("open");
      made.close();
      throw e;
    }
  }

  private void startGuest() throws IOException {
    String said =
        lab.host("h1")
            .run(
                COMMAND_MAX,
                "tardigrade",
                "run",
                "--name",
                GUEST,
                "--backups",
                "2",
                "--detach",
                "--",
                "redis-server",
                "--save",
                "",
                "--protected-mode",
                "no");
    address = said.strip().split("\\s+", -1)[1];
  }

  String address() {
    return address;
  }

  NamespaceLab lab() {
    return lab;
  }

  /** What a host's guardian of the guest says, empty where it has none, or is off or paused. */
  Optional<GuestStatus> status(NamespaceHost host) {
    if (!host.power().equals("ON")) {
      return Optional.empty();
    }
    try {
      return Optional.of(GuardianClient.connect(host.paths(), GUEST).status());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What a host that leads says of the guest. */
  record Leading(String host, Replica replica, GuestStatus.State state) {}

  /** All that say that they lead. */
  List<Leading> leading() throws IOException {
    List<Leading> all = new ArrayList<>();
    for (NamespaceHost host : lab.hosts()) {
      GuestStatus status = status(host).orElse(null);
      Replica replica = status == null ? null : status.replica();
      if (status != null && replica != null && replica.role().equals("primary")) {
        all.add(new Leading(host.name(), replica, status.state()));
      }
    }
    return all;
  }

  /** Waits until the guest runs with two backups; returns what its primary says. */
  Leading awaitProtected(long nanosMax) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + nanosMax;
    List<Leading> last = List.of();
    while (System.nanoTime() - deadline < 0) {
      last = leading();
      if (last.size() == 1
          && last.getFirst().state() == GuestStatus.State.RUNNING
          && last.getFirst().replica().text().equals(WHOLE)) {
        return last.getFirst();
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new AssertionError(
        "the guest has not two backups after "
            + TimeUnit.NANOSECONDS.toSeconds(nanosMax)
            + " s: "
            + last
            + ", hosts say "
            + told());
  }

  private List<String> told() throws IOException {
    List<String> all = new ArrayList<>();
    for (NamespaceHost host : lab.hosts()) {
      @Nullable GuestStatus status = status(host).orElse(null);
      all.add(
          host.name()
              + " "
              + host.power()
              + (status == null
                  ? ", no guardian"
                  : ", " + status.state() + " " + status.replica()));
    }
    return all;
  }

  /** Where all cables end. */
  String wire() throws IOException {
    List<String> words = lab.host("h1").inside(List.of());
    String name = words.getLast();
    return name.substring(0, name.lastIndexOf('-')) + "-wire";
  }

  /** The guest's hardware address. */
  String mac() throws IOException {
    for (NamespaceHost host : lab.hosts()) {
      Optional<GuestStatus> status = status(host);
      if (status.isPresent()) {
        return status.get().mac();
      }
    }
    throw new IOException("no host knows the guest");
  }

  /** Keeps what tells why a test failed. */
  void keepLogs(String test) throws IOException {
    Path kept = LOGS.resolve(test);
    Folders.delete(kept);
    if (!Files.isDirectory(paths.state())) {
      return;
    }
    try (Stream<Path> files = Files.walk(paths.state())) {
      for (Path file : files.filter(FailureLab::tells).toList()) {
        Path copy = kept.resolve(paths.state().relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static boolean tells(Path file) {
    return Files.isRegularFile(file)
        && file.getFileName().toString().matches(".*\\.(log|log\\.1|json|jsonl)");
  }

  @Override
  public void close() throws IOException {
    var _ = lab.down();
    Folders.delete(paths.run());
    Folders.delete(paths.images());
    Folders.delete(paths.state());
  }
}
