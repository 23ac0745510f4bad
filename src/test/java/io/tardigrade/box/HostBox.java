package io.tardigrade.box;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import io.tardigrade.system.NativeBuild;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A {@link LabHost} of a test's own, gone when it is closed or when this JVM ends, however that
 * ends.
 *
 * <pre>{@code
 * try (HostBox box = HostBox.start(HostBox.OPTIONS)) {
 *   box.run("modprobe dummy", Duration.ofSeconds(10)).orThrow();
 *   box.run("java io.tardigrade.cli.Main doctor", Duration.ofSeconds(60)).orThrow();
 * }
 * }</pre>
 *
 * <p>The class path in the host is that of the test's JVM, so test classes can be run as well. The
 * system disk is kept in the folder named by the system property {@code tardigrade.box.cache}, else
 * in {@code target/box}.
 */
public final class HostBox implements Closeable {
  /** One processor, 2 GiB, none of it preserved. */
  public static final LabOptions OPTIONS = LabOptions.defaults().memory(2L << 30, 0);

  /** How the names of the folders of this JVM's boxes begin. */
  static final String PREFIX = "tardigrade-box-" + ProcessHandle.current().pid() + "-";

  private static final String NAME = "box";

  private final Path folder;
  private final Process keeper;
  private final Lab lab;
  private final LabHost host;
  private final AtomicBoolean closed = new AtomicBoolean();

  private HostBox(Path folder, Process keeper, Lab lab, LabHost host) {
    this.folder = folder;
    this.keeper = keeper;
    this.lab = lab;
    this.host = host;
  }

  /** Boots a host and waits until it serves commands; makes its disk first if none is cached. */
  public static HostBox start(LabOptions options) throws IOException {
    NativeBuild.helpers();
    Path cache = Path.of(System.getProperty("tardigrade.box.cache", "target/box"));
    Files.createDirectories(cache);
    Path folder = Files.createTempDirectory(PREFIX);
    Path state = Files.createDirectory(folder.resolve("state"));
    Files.createSymbolicLink(state.resolve("cache"), cache.toAbsolutePath());
    Process keeper = startKeeper(folder, environment(folder));
    Lab lab =
        new Lab(HostPaths.of(environment(folder)), line -> System.out.println("[box] " + line));
    try {
      return new HostBox(folder, keeper, lab, lab.up(NAME, options));
    } catch (IOException | RuntimeException e) {
      keeper.getOutputStream().close();
      awaitKeeper(keeper);
      throw e;
    }
  }

  private static Map<String, String> environment(Path folder) {
    return Map.of(
        "TARDIGRADE_STATE", folder.resolve("state").toString(),
        "TARDIGRADE_RUN", folder.resolve("run").toString(),
        "TARDIGRADE_IMAGES", folder.resolve("images").toString());
  }

  private static Process startKeeper(Path folder, Map<String, String> environment)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("sh"));
    command.add(Commands.extract("keeper.sh", folder.resolve("keeper.sh")).toString());
    command.add(folder.toString());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.addAll(List.of("io.tardigrade.cli.Main", "lab", "down"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File("/dev/null")));
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static void awaitKeeper(Process keeper) throws IOException {
    try {
      if (!keeper.waitFor(60, TimeUnit.SECONDS)) {
        throw new IOException("the box's keeper " + keeper.pid() + " did not end within 60 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The host itself. */
  public LabHost host() {
    return host;
  }

  /** The lab it belongs to. */
  public Lab lab() {
    return lab;
  }

  /** As {@link LabHost#script}. */
  public CommandResult run(String script, Duration timeout) throws IOException {
    return host.script(script, timeout);
  }

  /** As {@link #run(String, Duration)}, with {@code input} as the script's standard input. */
  public CommandResult run(String script, byte[] input, Duration timeout) throws IOException {
    return host.run(List.of("bash", "-c", script), input, timeout);
  }

  /** Puts a file into the box; it gets mode 755 and its folders are made. */
  public void push(byte[] content, String target) throws IOException {
    String script = "install -D -m 755 /dev/stdin '%s'".formatted(target);
    var _ = run(script, content, Duration.ofSeconds(60)).orThrow();
  }

  /** Fetches a file of the box. */
  public byte[] pull(String source) throws IOException {
    return run("cat '%s'".formatted(source), Duration.ofSeconds(60)).orThrow().stdout();
  }

  /** As {@link LabHost#scriptAndAwaitRestart}. */
  public void runAndAwaitRestart(String script, Duration timeout) throws IOException {
    host.scriptAndAwaitRestart(script, timeout);
  }

  /** Where the box keeps its files here, until it is closed. */
  Path folder() {
    return folder;
  }

  long keeperPid() {
    return keeper.pid();
  }

  /** What the box's console has shown so far. */
  public String console() throws IOException {
    try {
      return Files.readString(host.consoleLog(), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** Ends the box at once and removes what it left. */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    var _ = lab.downAll();
    keeper.getOutputStream().close();
    awaitKeeper(keeper);
  }
}
