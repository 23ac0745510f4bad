package io.tardigrade.lab;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.UnixSocket;
import io.tardigrade.qemu.QmpClient;
import io.tardigrade.qemu.QmpClient.HypervisorEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The QEMU process of a lab host. It belongs to nobody: it goes on when the command that started it
 * has ended, and is found again by its process file and its own command line.
 */
final class Machine {
  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
  private static final long END_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);
  private static final long POLL_MILLIS = 20;
  private static final int SAID_CHARS_MAX = 500;

  private final HostFiles files;

  Machine(HostFiles files) {
    this.files = files;
  }

  /** The process, where it runs. */
  OptionalLong pid() throws IOException {
    long pid;
    try {
      pid = Long.parseLong(Files.readString(files.pid()).strip());
    } catch (NoSuchFileException | NumberFormatException e) {
      // QEMU has not written it yet, or not to its end.
      return OptionalLong.empty();
    }
    // Process numbers come again: only one that names our own socket is ours.
    return commandLine(pid).contains("unix:" + MachineCommand.value(files.monitor()) + ",")
        ? OptionalLong.of(pid)
        : OptionalLong.empty();
  }

  /** Empty where there is no such process; what cannot be found out must not pass for that. */
  private static String commandLine(long pid) throws IOException {
    Path process = Path.of("/proc", Long.toString(pid));
    try {
      byte[] bytes = Files.readAllBytes(process.resolve("cmdline"));
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      if (Files.exists(process)) {
        throw e;
      }
      return "";
    }
  }

  boolean runs() throws IOException {
    return pid().isPresent();
  }

  /** Powers the machine on; it boots from its disk. */
  void start(LabSpec spec) throws IOException {
    Files.createDirectories(files.run());
    Files.deleteIfExists(files.pid());
    Files.deleteIfExists(files.monitor());
    List<String> command = new ArrayList<>(List.of("setsid"));
    command.addAll(MachineCommand.of(spec, files));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(files.state().toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(files.machineLog().toFile())
            .redirectErrorStream(true);
    Process process = builder.start();
    long deadline = System.nanoTime() + START_NANOS_MAX;
    while (!Files.exists(files.monitor()) || !runs()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        process.destroyForcibly();
        throw new IOException("QEMU does not start for lab host '" + spec.name() + "': " + said());
      }
      sleep();
    }
  }

  private String said() throws IOException {
    String text = Files.readString(files.machineLog(), StandardCharsets.ISO_8859_1);
    String told =
        String.join(
            "; ",
            text.lines().filter(line -> !line.contains("support requested feature")).toList());
    return told.isEmpty()
        ? "it says nothing"
        : told.substring(Math.max(0, told.length() - SAID_CHARS_MAX));
  }

  /** Cuts the power: nothing in the host learns of it. Does nothing where it is off. */
  void cut() throws IOException {
    OptionalLong pid = pid();
    if (pid.isEmpty()) {
      return;
    }
    Linux.kill(pid.getAsLong(), Linux.SIGKILL);
    long deadline = System.nanoTime() + END_NANOS_MAX;
    while (runs()) {
      if (System.nanoTime() > deadline) {
        throw new IOException("QEMU process " + pid.getAsLong() + " does not end, though killed");
      }
      sleep();
    }
  }

  /** Pushes the reset button; returns when the machine has begun to start again. */
  void reset() throws IOException {
    AtomicBoolean happened = new AtomicBoolean();
    var _ =
        monitor(
            event -> happened.compareAndSet(false, event.name().equals("RESET")),
            (monitor, deadline) -> {
              var _ = monitor.execute("{\"execute\":\"system_reset\"", deadline);
              monitor.awaitUntil(happened::get, deadline, "its reset");
              return true;
            });
  }

  /**
   * What its processors do, for who has to find out why it does not answer: the emulator's state
   * and registers.
   */
  String describe() throws IOException {
    return monitor(
        _ -> {},
        (monitor, deadline) -> {
          StringBuilder text = new StringBuilder();
          for (String question : List.of("info status", "info registers -a", "info lapic")) {
            String command =
                "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"%s\"}"
                    .formatted(question);
            text.append(monitor.execute(command, deadline).asString("")).append('\n');
          }
          return text.toString();
        });
  }

  private interface Use<T> {
    T with(QmpClient monitor, long deadlineNanos) throws IOException;
  }

  private <T> T monitor(Consumer<HypervisorEvent> events, Use<T> use) throws IOException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    long pid = pid().orElseThrow(() -> new IOException("the lab host's QEMU has ended"));
    int pidfd = Linux.pidfdOpen(pid);
    try (QmpClient monitor = new QmpClient(UnixSocket.connect(files.monitor()), pidfd, events)) {
      monitor.negotiate(deadline);
      return use.with(monitor, deadline);
    } finally {
      Linux.close(pidfd);
    }
  }

  private static void sleep() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for QEMU", e);
    }
  }
}
