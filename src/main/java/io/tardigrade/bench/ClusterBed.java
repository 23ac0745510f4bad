package io.tardigrade.bench;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Folders;
import io.tardigrade.linux.Command;
import io.tardigrade.netlab.NamespaceHost;
import io.tardigrade.netlab.NamespaceLab;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * A lab of three hosts of its own, of which nothing is left when it is closed, also on Ctrl-C. What
 * is done in a host is done by commands that a user would type there. One thread.
 */
final class ClusterBed implements Closeable {
  /** A redis that writes nothing to disks it has not got. */
  static final List<String> REDIS = List.of("redis-server", "--save", "", "--protected-mode", "no");

  private static final int HOSTS = 3;
  private static final Duration COMMAND_MAX = Duration.ofMinutes(3);
  private static final Duration TOOL_MAX = Duration.ofSeconds(20);

  private final HostPaths paths;
  private final NamespaceLab lab;
  private final Consumer<String> progress;
  private final Set<Process> processes = ConcurrentHashMap.newKeySet();
  private final Thread onInterrupt = new Thread(this::cleanUp, "bench-cluster-cleanup");
  private boolean cleaned;
  private int serial;

  private ClusterBed(HostPaths paths, Consumer<String> progress) {
    this.paths = paths;
    this.lab = new NamespaceLab(paths, progress);
    this.progress = progress;
  }

  /**
   * Makes the hosts, and one cluster of them.
   *
   * @param user the user's own installation, whose cache of guest kernels is used
   */
  static ClusterBed open(HostPaths user, Consumer<String> progress) throws IOException {
    Path state = Files.createTempDirectory("tardigrade-bench-");
    // Hypervisors run as users of their own and have to reach their guest's files.
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx--x--x"));
    Files.createDirectories(user.cache());
    Files.createSymbolicLink(state.resolve("cache"), user.cache());
    ClusterBed bed =
        new ClusterBed(HostPaths.of(Map.of("TARDIGRADE_STATE", state.toString())), progress);
    Runtime.getRuntime().addShutdownHook(bed.onInterrupt);
    try {
      var _ = bed.lab.up(HOSTS);
      bed.lab.makeCluster();
      return bed;
    } catch (IOException | RuntimeException e) {
      bed.close();
      throw e;
    }
  }

  void progress(String text) {
    progress.accept(text);
  }

  /** For files of a measure. */
  Path folder() {
    return paths.state();
  }

  NamespaceLab lab() {
    return lab;
  }

  List<NamespaceHost> hosts() throws IOException {
    return lab.hosts();
  }

  NamespaceHost host(String name) throws IOException {
    return lab.host(name);
  }

  /** Runs a command of ours in a host; returns what it printed. */
  String tardigrade(String host, List<String> words) throws IOException {
    List<String> command = new ArrayList<>(List.of("tardigrade"));
    command.addAll(words);
    return host(host).run(COMMAND_MAX, command.toArray(new String[0]));
  }

  /** Makes all links between hosts take so long, one way. */
  void delay(long nanos) throws IOException {
    for (int from = 1; from <= HOSTS; from++) {
      for (int to = from + 1; to <= HOSTS; to++) {
        lab.link("h" + from, "h" + to, nanos, 0, 0, true);
      }
    }
  }

  /** Bytes of frames that a host has sent to others of its cluster so far. */
  long sentBytes(String host) throws IOException {
    List<String> words = List.of("cat", "/sys/class/net/eth0/statistics/tx_bytes");
    return Long.parseLong(Command.run(host(host).inside(words), "", TOOL_MAX).strip());
  }

  /**
   * Starts a guest on h1 as {@code run --detach} does; close it to delete it.
   *
   * @param backups that it is to have, beside what else {@code options} say
   */
  ClusterGuest start(int backups, String memory, List<String> options, List<String> program)
      throws IOException {
    String name = "bench-" + ++serial;
    List<String> words = new ArrayList<>(List.of("run", "--name", name, "--detach"));
    words.addAll(List.of("--memory", memory, "--backups", Integer.toString(backups)));
    words.addAll(options);
    words.add("--");
    words.addAll(program);
    String[] said = tardigrade("h1", words).strip().split("\\s+", -1);
    if (said.length < 2) {
      throw new IOException("'run' printed no name and address: " + String.join(" ", said));
    }
    return new ClusterGuest(this, name, said[1], backups);
  }

  /** Starts a process whose words nobody reads, and that ends with this bed at the latest. */
  Process launch(List<String> command) throws IOException {
    return launch(
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD));
  }

  /** Starts a process that ends with this bed at the latest. */
  Process launch(ProcessBuilder builder) throws IOException {
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  @Override
  public void close() {
    cleanUp();
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      // Interrupted: the hook does the same, and the lab's lock orders the two.
    }
  }

  private synchronized void cleanUp() {
    if (cleaned) {
      return;
    }
    cleaned = true;
    processes.forEach(Process::destroyForcibly);
    try {
      var _ = lab.down();
      Folders.delete(paths.run());
      Folders.delete(paths.images());
      Folders.delete(paths.state());
    } catch (IOException e) {
      progress.accept("cleaning up: " + e.getMessage() + "; " + paths.state() + " is left");
    }
  }
}
