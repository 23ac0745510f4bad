package io.tardigrade.lab;

import io.tardigrade.guest.Quantities;
import io.tardigrade.launch.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A lab host: an emulated Linux host (Debian 12, kernel 6.1) whose /dev/kvm runs guests and whose
 * disk and preserved memory outlive its operating system. It lives on when the process that made it
 * ends.
 *
 * <p>What is found in it:
 *
 * <ul>
 *   <li>the program that made it, read-only under /opt/tardigrade: {@code tardigrade} runs its
 *       command line, and {@code CLASSPATH} names it, so that {@code java SOME.MAIN.CLASS} starts
 *       any class of it;
 *   <li>a Java runtime in /opt/jre, into which the options are linked that start a JVM fastest
 *       under emulation: serial collector, first compiler only, base class data sharing;
 *   <li>QEMU 7.2, redis, nftables, iproute2, kexec-tools, socat, busybox, and the kernel of guests
 *       in the cache; modules for KVM, taps, bridges and address translation loaded;
 *   <li>the preserved memory as /dev/pmem0, with an ext4 mounted directly (DAX) at {@link
 *       #PRESERVED};
 *   <li>two kernels with their initrds, /boot/vmlinuz-RELEASE and /boot/initrd.img-RELEASE, made
 *       for power-on, kexec and crash boots alike. Every kernel must be told what /proc/cmdline
 *       says of {@code memmap=}, or the preserved memory is handed out as ordinary RAM;
 *   <li>a way out through this machine, and a network for its guests that this machine routes to
 *       it.
 * </ul>
 *
 * <p>Measured on two otherwise idle cores: a host boots in 5 s, {@code java -version} takes 0.9 s,
 * and a Linux guest under KVM reaches its init in 5 s. A Java command line takes 4 to 6 s for what
 * takes 0.3 s here, and three times that while others use the cores: give commands minutes.
 *
 * <p>Commands are root's, up to {@value HostFiles#PORTS} at a time; any thread and any process may
 * call.
 */
public final class LabHost {
  /** Where the preserved memory is mounted in the host. */
  public static final String PRESERVED = "/var/lib/tardigrade/preserved";

  /** A host that has not booted by then will not. */
  public static final Duration BOOT_MAX = Duration.ofMinutes(5);

  private static final Duration ANSWER_SLACK = Duration.ofSeconds(30);
  private static final long POLL_MILLIS = 50;
  private static final int CONSOLE_CHARS_SHOWN = 3000;
  private static final int RUNNING_ALREADY = 5;
  private static final String HELPER = ProgramFiles.ROOT + "native/tardigrade-lab-helper";

  private final LabSpec spec;
  private final HostFiles files;
  private final Machine machine;

  LabHost(LabSpec spec, HostFiles files) {
    this.spec = spec;
    this.files = files;
    this.machine = new Machine(files);
  }

  /** What it is. */
  public LabSpec spec() {
    return spec;
  }

  /** Whether it is powered on. */
  public boolean isOn() throws IOException {
    return machine.runs();
  }

  Machine machine() {
    return machine;
  }

  /** Something done with a port of the host. */
  private interface Use<T> {
    T with(CommandPort port) throws IOException;
  }

  /** Waits for a free port and for the host to serve it. */
  private <T> T onPort(Duration wait, Use<T> use) throws IOException {
    long end = System.nanoTime() + Math.min(wait.toNanos(), Long.MAX_VALUE / 4);
    try (SocketLease lease = lease(end)) {
      Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(lease.socket()));
      CommandPort port;
      try (Deadline _ = new Deadline(left, () -> giveUp(channel))) {
        port = CommandPort.open(channel);
      } catch (IOException e) {
        throw new IOException(
            "lab host '%s' does not serve commands (%s); its console ended with:%n%s"
                .formatted(spec.name(), e.getMessage(), consoleTail()),
            e);
      }
      try (port) {
        return use.with(port);
      }
    }
  }

  private static void giveUp(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nobody waits on it any longer.
    }
  }

  private SocketLease lease(long endNanos) throws IOException {
    while (true) {
      requireOn();
      for (int number = 1; number <= HostFiles.PORTS; number++) {
        Optional<SocketLease> lease = SocketLease.take(files.port(number));
        if (lease.isPresent()) {
          return lease.get();
        }
      }
      if (System.nanoTime() > endNanos) {
        throw RefusedException.conflict(
            HostFiles.PORTS + " commands run in lab host '" + spec.name() + "' already");
      }
      sleep(POLL_MILLIS);
    }
  }

  private void requireOn() throws IOException {
    if (!machine.runs()) {
      throw RefusedException.conflict(
          "lab host '%1$s' is off; 'tardigrade lab power-cut %1$s' boots it from its disk"
              .formatted(spec.name()));
    }
  }

  /** Waits until the host has booted and serves commands. */
  public void awaitReady(Duration timeout) throws IOException {
    var _ = onPort(timeout, port -> true);
  }

  /**
   * Runs a command to its end, with these streams.
   *
   * @return its exit code
   */
  public int run(List<String> command, InputStream input, OutputStream out, OutputStream err)
      throws IOException {
    return onPort(BOOT_MAX, port -> port.run(command, input, out, err));
  }

  /**
   * Runs a command to its end. One that takes longer than {@code timeout} is ended there, together
   * with what it left running, unless that has a session of its own, and its result says {@link
   * CommandResult#TIMED_OUT}.
   *
   * @throws IOException if the host does not answer or was restarted meanwhile
   */
  public CommandResult run(List<String> command, byte[] input, Duration timeout)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    return onPort(
        BOOT_MAX,
        port -> {
          try (Deadline late = new Deadline(timeout, () -> kill(port));
              Deadline _ = new Deadline(timeout.plus(ANSWER_SLACK), port::close)) {
            int code = port.run(command, new ByteArrayInputStream(input), out, err);
            return new CommandResult(
                late.passed() ? CommandResult.TIMED_OUT : code,
                out.toByteArray(),
                err.toByteArray());
          } catch (IOException e) {
            throw new IOException(
                "%s; it was to do:%n%s%nit said:%n%s%n%s%nits console ended with:%n%s%n%s"
                    .formatted(
                        e.getMessage(),
                        String.join(" ", command),
                        out,
                        err,
                        consoleTail(),
                        machineState()),
                e);
          }
        });
  }

  private static void kill(CommandPort port) {
    try {
      port.kill();
    } catch (IOException e) {
      // The host has ended, which the reader finds out.
    }
  }

  /** Runs a bash script, as {@link #run(List, byte[], Duration)}. */
  public CommandResult script(String script, Duration timeout) throws IOException {
    return run(List.of("bash", "-c", script), new byte[0], timeout);
  }

  /**
   * Runs a script that takes the host's system down (reboot, kexec, panic) and waits until the next
   * one serves commands.
   */
  public void scriptAndAwaitRestart(String script, Duration timeout) throws IOException {
    onPort(
        BOOT_MAX,
        port -> {
          try (Deadline _ = new Deadline(timeout, port::close)) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            InputStream nothing = InputStream.nullInputStream();
            int code = port.run(List.of("bash", "-c", script), nothing, said, said);
            throw new IOException(
                "lab host '%s' went on instead of going down: '%s' ended with %d: %s"
                    .formatted(spec.name(), script, code, said));
          } catch (CommandPort.RestartedException e) {
            return true;
          }
        });
    awaitReady(timeout);
  }

  /** Makes the host's kernel panic, and waits until the host serves commands again. */
  public void panic() throws IOException {
    scriptAndAwaitRestart("echo c >/proc/sysrq-trigger", BOOT_MAX);
  }

  /** Pushes the reset button, and waits until the host serves commands again. */
  public void reset() throws IOException {
    requireOn();
    machine.reset();
    awaitReady(BOOT_MAX);
  }

  /** What leaks. */
  public enum Leak {
    /** Slab memory that the kernel cannot take back. */
    KERNEL,
    /** Memory of a process. */
    PROCESS;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Starts a leak in the host, which goes on beside everything else and keeps what it has when it
   * has reached its limit.
   */
  public void leak(Leak kind, long bytesPerSecond, long limitBytes) throws IOException {
    String script =
        """
        pid=/run/lab/leak-%1$s.pid
        if [ -e $pid ] && kill -0 "$(<$pid)" 2>/dev/null; then exit 5; fi
        setsid %2$s leak %1$s %3$d %4$d >/run/lab/leak-%1$s.log 2>&1 </dev/null &
        echo $! >$pid
        """
            .formatted(kind.text(), HELPER, bytesPerSecond, limitBytes);
    CommandResult result = script(script, ANSWER_SLACK);
    if (result.exitCode() == RUNNING_ALREADY) {
      throw RefusedException.conflict(
          "a %s leak of lab host '%s' goes on already; --stop ends it, before another %s"
              .formatted(kind.text(), spec.name(), Quantities.bytes(limitBytes)));
    }
    var _ = result.orThrow();
  }

  /** Ends all leaks started by {@link #leak}; what they held is free again. */
  public void stopLeaks() throws IOException {
    String script =
        "for pid in /run/lab/leak-*.pid; do [ ! -e $pid ] || kill -9 \"$(<$pid)\"; rm -f $pid; done";
    var _ = script(script, ANSWER_SLACK).orThrow();
  }

  /** A connection to the host's serial console, for one at a time. */
  public record Console(SocketChannel channel, SocketLease lease) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      channel.close();
      lease.close();
    }
  }

  /** Opens the console. */
  public Console console() throws IOException {
    requireOn();
    SocketLease lease =
        SocketLease.take(files.console())
            .orElseThrow(() ->
                RefusedException.conflict(
                    "somebody else is at the console of lab host '" + spec.name() + "'"));
    try {
      return new Console(SocketChannel.open(UnixDomainSocketAddress.of(files.console())), lease);
    } catch (IOException e) {
      lease.close();
      throw e;
    }
  }

  /** Everything its console ever showed. */
  public Path consoleLog() {
    return files.consoleLog();
  }

  private String consoleTail() throws IOException {
    try {
      String all = Files.readString(files.consoleLog(), StandardCharsets.ISO_8859_1);
      return all.substring(Math.max(0, all.length() - CONSOLE_CHARS_SHOWN));
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private String machineState() {
    try {
      return machine.describe();
    } catch (IOException e) {
      return "its emulator: " + e.getMessage();
    }
  }

  static void sleep(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a lab host", e);
    }
  }
}
