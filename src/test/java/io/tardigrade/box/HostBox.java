package io.tardigrade.box;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A whole Linux host (Debian 12, kernel 6.1) emulated for a test, whose /dev/kvm runs guests and
 * whose kernel has soft-dirty page tracking but no PAGEMAP_SCAN.
 *
 * <pre>{@code
 * try (HostBox box = HostBox.start(BoxOptions.withProduct())) {
 *   box.run("modprobe dummy", Duration.ofSeconds(10)).orThrow();
 *   box.run("java io.tardigrade.cli.Main doctor", Duration.ofSeconds(60)).orThrow();
 * }
 * }</pre>
 *
 * <p>What a test finds in the box:
 *
 * <ul>
 *   <li>the class path of the test's own JVM, read-only under /opt/tardigrade and named by {@code
 *       CLASSPATH}, so {@code java SOME.MAIN.CLASS} starts product and test classes alike ({@link
 *       BoxOptions#withProduct});
 *   <li>a Java runtime in /opt/jre, into which the options are linked that start a JVM fastest
 *       under emulation: serial collector, first compiler only, base class data sharing;
 *   <li>QEMU 7.2, redis, nftables, iproute2, socat, busybox, a kernel for guests in /boot with its
 *       modules in /lib/modules; modules for KVM, taps, bridges and address translation loaded;
 *   <li>no network but its own loopback, and nothing written is kept after {@link #close}; what a
 *       test needs beside this it brings by {@link BoxOptions#plusFiles} or {@link #push}.
 * </ul>
 *
 * <p>Measured on two otherwise idle cores: the box boots in 5 s, {@code java -version} takes 0.9 s,
 * {@code qemu-system-x86_64 --version} 0.9 s, and a Linux guest under KVM reaches its init in 5 s.
 * Guests boot four times faster with {@code quiet} (each console byte is an exit to the emulated
 * host) and, on microvm, {@code rtc=on} (the kernel looks for a missing clock for seconds). A Java
 * command line takes 4 to 6 s for what takes 0.3 s here, and three times that while other tests use
 * the cores: give commands minutes, not seconds.
 *
 * <p>One processor is the default: with two, guests under KVM hung the whole box twice in 34 boots,
 * with one never in 54. Commands are root's, run by bash, up to {@value #PORTS} at a time; any
 * thread may call. The box ends with {@link #close} or with this JVM, however that ends.
 */
public final class HostBox implements Closeable {
  private static final int PORTS = 4;
  private static final Duration BOOT_MAX = Duration.ofMinutes(3);
  private static final Duration ANSWER_SLACK = Duration.ofSeconds(30);
  private static final int CONSOLE_CHARS_SHOWN = 3000;

  private final Path folder;
  private final Process keeper;
  private final List<BoxPort> ports;
  private final BlockingQueue<BoxPort> idle = new LinkedBlockingQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable String lastWords;

  private HostBox(Path folder, Process keeper, List<BoxPort> ports) {
    this.folder = folder;
    this.keeper = keeper;
    this.ports = ports;
    threads.execute(this::awaitEnd);
  }

  /** Boots a box and waits until it serves commands; makes its disk first if none is cached. */
  public static HostBox start(BoxOptions options) throws IOException {
    BoxDisk disk = BoxDisk.obtain();
    Path folder = Files.createTempDirectory("tardigrade-box-");
    HostBox box;
    try {
      box = prepare(disk, folder, options);
    } catch (IOException e) {
      Commands.run("removing " + folder, "rm", "-rf", folder.toString());
      throw e;
    }
    try {
      box.awaitReady(BOOT_MAX);
    } catch (IOException e) {
      box.close();
      throw e;
    }
    return box;
  }

  private static HostBox prepare(BoxDisk disk, Path folder, BoxOptions options) throws IOException {
    BoxInitramfs.write(disk, folder.resolve("initramfs"));
    if (!options.files().isEmpty()) {
      makeFilesDisk(options, folder);
    }
    List<BoxPort> ports = new ArrayList<>();
    for (int port = 1; port <= PORTS; port++) {
      ports.add(new BoxPort(BoxCommand.port(folder, port)));
    }
    return new HostBox(folder, startKeeper(disk, folder, options), ports);
  }

  private static void makeFilesDisk(BoxOptions options, Path folder) throws IOException {
    Path staging = Files.createDirectory(folder.resolve("files"));
    BoxClassPath.stage(options.files(), staging);
    String image = folder.resolve("files.img").toString();
    String purpose = "making the box's file disk";
    Commands.run(purpose, "truncate", "-s", "1G", image);
    Commands.run(purpose, "mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", staging.toString(), image);
    Commands.run(purpose, "rm", "-r", staging.toString());
  }

  private static Process startKeeper(BoxDisk disk, Path folder, BoxOptions options)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add("sh");
    command.add(Commands.extract("keeper.sh", folder.resolve("keeper.sh")).toString());
    command.add(folder.toString());
    command.addAll(BoxCommand.of(disk, folder, options, PORTS));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /**
   * Runs a bash script in the box. One that takes longer than {@code timeout} is ended there and
   * its result says {@link BoxResult#TIMED_OUT}, together with what it left running, unless that
   * was started by {@code setsid}; a box that does not answer even then is closed.
   *
   * @throws IOException if the box does not answer or was restarted meanwhile
   */
  public BoxResult run(String script, Duration timeout) throws IOException {
    return run(script, new byte[0], timeout);
  }

  /** As {@link #run(String, Duration)}, with {@code input} as the script's standard input. */
  public BoxResult run(String script, byte[] input, Duration timeout) throws IOException {
    BoxPort port = take();
    try {
      return within(
          timeout.plus(ANSWER_SLACK),
          script,
          threads.submit(() -> port.run(script, input, timeout)));
    } finally {
      idle.add(port);
    }
  }

  /** Puts a file into the box; it gets mode 755 and its folders are made. */
  public void push(byte[] content, String target) throws IOException {
    String script = "install -D -m 755 /dev/stdin '%s'".formatted(target);
    run(script, content, Duration.ofSeconds(60)).orThrow();
  }

  /** Fetches a file of the box. */
  public byte[] pull(String source) throws IOException {
    return run("cat '%s'".formatted(source), Duration.ofSeconds(60)).orThrow().stdout();
  }

  /**
   * Runs a script that takes the box's system down (reboot, kexec, panic) and waits until the next
   * one serves commands. No other command may be running.
   */
  public void runAndAwaitRestart(String script, Duration timeout) throws IOException {
    BoxPort port = take();
    port.send(script, new byte[0], timeout);
    idle.clear();
    awaitReady(timeout);
  }

  /** Where the box keeps its sockets and logs here, until it is closed. */
  Path folder() {
    return folder;
  }

  long keeperPid() {
    return keeper.pid();
  }

  private BoxPort take() throws IOException {
    try {
      return idle.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a free port of the box", e);
    }
  }

  private void awaitReady(Duration timeout) throws IOException {
    Future<?> ready =
        threads.submit(() -> {
          for (BoxPort port : ports) {
            port.awaitReady();
            idle.add(port);
          }
          return true;
        });
    within(timeout, "boot", ready);
  }

  private <T> T within(Duration limit, String what, Future<T> answer) throws IOException {
    String problem;
    Throwable cause;
    try {
      return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      problem = String.valueOf(e.getCause());
      cause = e;
    } catch (TimeoutException e) {
      problem = "the box did not answer within " + limit.toSeconds() + " s";
      cause = e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = "interrupted";
      cause = e;
    }
    String said = console();
    if (cause instanceof TimeoutException || cause instanceof InterruptedException) {
      close();
    }
    throw new IOException(
        "%s; it was to do:%n%s%nits console ended with:%n%s"
            .formatted(
                problem, what, said.substring(Math.max(0, said.length() - CONSOLE_CHARS_SHOWN))),
        cause);
  }

  /** What the box's emulator and kernel have said so far; of a box that ended, the last of it. */
  public String console() throws IOException {
    String last = lastWords;
    return last != null ? last : read(folder.resolve("qemu.log")) + read(folder.resolve("console"));
  }

  private static String read(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
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
    keeper.getOutputStream().close();
    try {
      if (!keeper.waitFor(20, TimeUnit.SECONDS)) {
        throw new IOException("the box's process " + keeper.pid() + " did not end within 20 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      disconnect();
      threads.shutdownNow();
    }
  }

  /** The keeper repeats the end of both logs before it removes them. */
  private void awaitEnd() {
    try {
      lastWords = new String(keeper.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      lastWords = "(could not be read: " + e + ")";
    }
    disconnect();
  }

  private void disconnect() {
    for (BoxPort port : ports) {
      port.close();
    }
  }
}
