package io.tardigrade.qemu;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.linux.UnixSocket;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One QEMU process and the guardian's ends of its sockets. Used by one thread, except {@link
 * #kill}, which any thread may call.
 *
 * <p>The guardian listens before the process starts, so that no connection is ever retried. The
 * thread that starts it has to live as long as the guardian: the kernel kills the process when that
 * thread ends.
 */
public final class Hypervisor implements Closeable {
  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
  private static final int STDERR_TAIL_BYTES = 2048;

  private final HypervisorConfig config;
  private final Process process;
  private final int pidfd;
  private final QmpClient qmp;
  private final UnixSocket net;
  private final UnixSocket console;
  private final UnixSocket control;
  private final int userfaultFd;
  private final long[] vcpuThreads;
  private boolean closed;

  private Hypervisor(
      HypervisorConfig config,
      Process process,
      int pidfd,
      QmpClient qmp,
      UnixSocket net,
      UnixSocket console,
      UnixSocket control,
      int userfaultFd,
      long[] vcpuThreads) {
    this.config = config;
    this.process = process;
    this.pidfd = pidfd;
    this.qmp = qmp;
    this.net = net;
    this.console = console;
    this.control = control;
    this.userfaultFd = userfaultFd;
    this.vcpuThreads = vcpuThreads;
  }

  /**
   * Starts the process and waits until it has connected everything. It does not run its guest: one
   * that is not a spare stands before the first instruction.
   *
   * @param qemu path of the QEMU binary
   * @throws IOException with the tail of its stderr where it ends or does not come up; nothing is
   *     left behind
   */
  public static Hypervisor start(
      String qemu, HypervisorConfig config, Consumer<QmpClient.HypervisorEvent> events)
      throws IOException {
    Path dir = config.runDir();
    Files.createDirectories(dir);
    Path stderr = dir.resolve("stderr");
    try (Listeners listeners = new Listeners(dir, config.userId())) {
      Process process =
          new ProcessBuilder(HypervisorCommand.build(qemu, config))
              .directory(dir.toFile())
              .redirectInput(new java.io.File("/dev/null"))
              .redirectOutput(stderr.toFile())
              .redirectErrorStream(true)
              .start();
      try {
        return connect(config, process, listeners, events);
      } catch (IOException e) {
        process.destroyForcibly();
        await(process);
        throw new IOException("hypervisor did not start: " + e.getMessage() + tail(stderr), e);
      }
    }
  }

  private static Hypervisor connect(
      HypervisorConfig config,
      Process process,
      Listeners listeners,
      Consumer<QmpClient.HypervisorEvent> events)
      throws IOException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    int pidfd = Linux.pidfdOpen(process.pid());
    int userfaultFd = -1;
    try {
      UnixSocket monitor = listeners.accept(listeners.qmp, pidfd, deadline);
      // The helper runs ahead of the hypervisor's own code: where it has not called by now it never
      // will.
      if (listeners.isCalled(listeners.track)) {
        try (UnixSocket tracking = listeners.track.accept()) {
          userfaultFd = tracking.receiveFdOrNone();
        }
      }
      UnixSocket console = listeners.accept(listeners.console, pidfd, deadline);
      UnixSocket control = listeners.accept(listeners.control, pidfd, deadline);
      UnixSocket net = listeners.accept(listeners.net, pidfd, deadline);
      QmpClient qmp = new QmpClient(monitor, pidfd, events);
      qmp.negotiate(deadline);
      JsonNode cpus = qmp.execute("{\"execute\":\"query-cpus-fast\"", deadline);
      long[] threads = new long[cpus.size()];
      for (int i = 0; i < threads.length; i++) {
        threads[i] = cpus.get(i).path("thread-id").asLong();
      }
      return new Hypervisor(
          config, process, pidfd, qmp, net, console, control, userfaultFd, threads);
    } catch (IOException e) {
      Linux.close(pidfd);
      if (userfaultFd >= 0) {
        Linux.close(userfaultFd);
      }
      throw e;
    }
  }

  public HypervisorConfig config() {
    return config;
  }

  public long pid() {
    return process.pid();
  }

  /** Becomes readable when the process ends. */
  public int pidfd() {
    return pidfd;
  }

  public QmpClient qmp() {
    return qmp;
  }

  /** Ethernet frames, each preceded by its length. */
  public UnixSocket net() {
    return net;
  }

  /** The guest's first serial port. */
  public UnixSocket console() {
    return console;
  }

  /** The channel of an agent inside the guest, if it runs one. */
  public UnixSocket control() {
    return control;
  }

  /** The descriptor its preloaded helper created, or -1 where the kernel has none to give. */
  public int userfaultFd() {
    return userfaultFd;
  }

  /** Thread ids of the virtual CPUs. */
  public long[] vcpuThreads() {
    return vcpuThreads.clone();
  }

  /** Ends the process at once. Safe from any thread, also after its end. */
  public void kill() {
    try {
      Linux.pidfdSendSignal(pidfd, Linux.SIGKILL);
    } catch (LinuxException e) {
      // ESRCH: it has ended already, which is what was wanted.
      process.destroyForcibly();
    }
  }

  /** How the process ended: {@code signal 9}, {@code exit status 1}, or null while it runs. */
  public @Nullable String ending() {
    if (process.isAlive()) {
      return null;
    }
    int status = process.exitValue();
    return status > 128 ? "signal " + (status - 128) : "exit status " + status;
  }

  /** Waits for the process to end, for at most {@code millis}; true where it has. */
  public boolean awaitEnd(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /** The last of what it wrote to stderr, for people. */
  public String stderrTail() {
    return tail(config.runDir().resolve("stderr"));
  }

  private static String tail(Path file) {
    try (RandomAccessFile stream = new RandomAccessFile(file.toFile(), "r")) {
      long from = Math.max(0, stream.length() - STDERR_TAIL_BYTES);
      byte[] bytes = new byte[(int) (stream.length() - from)];
      stream.seek(from);
      stream.readFully(bytes);
      String text = new String(bytes, StandardCharsets.UTF_8).strip();
      return text.isEmpty() ? "" : ": " + text.replace('\n', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  private static void await(Process process) {
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Kills the process if it runs and lets go of everything but its end, which is reaped by the JDK.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    kill();
    qmp.close();
    net.close();
    console.close();
    control.close();
    Linux.close(pidfd);
  }

  /** The sockets a starting process connects to. */
  private static final class Listeners implements Closeable {
    final UnixSocket track;
    final UnixSocket qmp;
    final UnixSocket console;
    final UnixSocket control;
    final UnixSocket net;

    Listeners(Path dir, int owner) throws IOException {
      track = listen(dir, "track", owner);
      qmp = listen(dir, "qmp", owner);
      console = listen(dir, "console", owner);
      control = listen(dir, "control", owner);
      net = listen(dir, "net", owner);
    }

    private static UnixSocket listen(Path dir, String name, int owner) throws IOException {
      Path path = dir.resolve(name + ".sock");
      UnixSocket socket = UnixSocket.listen(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      Linux.chown(path, owner, owner);
      return socket;
    }

    UnixSocket accept(UnixSocket listener, int pidfd, long deadlineNanos) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment pollfds = arena.allocate(16, 8);
        pollfds.set(ValueLayout.JAVA_INT, 0, listener.fd());
        pollfds.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
        pollfds.set(ValueLayout.JAVA_INT, 8, pidfd);
        pollfds.set(ValueLayout.JAVA_SHORT, 12, Linux.POLLIN);
        while (true) {
          long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
          if (leftMillis <= 0) {
            throw new IOException(
                "it did not connect within " + START_NANOS_MAX / 1_000_000_000 + " s");
          }
          Linux.poll(pollfds, 2, (int) leftMillis);
          if (pollfds.get(ValueLayout.JAVA_SHORT, 6) != 0) {
            return listener.accept();
          }
          if (pollfds.get(ValueLayout.JAVA_SHORT, 14) != 0) {
            throw new IOException("it ended");
          }
        }
      }
    }

    boolean isCalled(UnixSocket listener) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment pollfd = arena.allocate(8, 8);
        pollfd.set(ValueLayout.JAVA_INT, 0, listener.fd());
        pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
        return Linux.poll(pollfd, 1, 0) > 0;
      }
    }

    @Override
    public void close() {
      track.close();
      qmp.close();
      console.close();
      control.close();
      net.close();
    }
  }
}
