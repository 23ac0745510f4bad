package io.tardigrade.bench;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Folders;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.UnixSocket;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.qemu.QmpClient;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * QEMU as a user would run it without Tardigrade, with the kernel, initial file system and RAM of
 * one of our guests. Its network is QEMU's own user network, through which one port of the guest is
 * reached. Used by the thread that started it, whose end is its end too.
 */
final class PlainHypervisor implements Closeable {
  /** Of a place: the guest boots. */
  static final int NOT_INCOMING = -1;

  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);
  private static final long COMMAND_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);

  private final Process process;
  private final int pidfd;
  private final QmpClient qmp;
  private final int port;
  private final Path folder;
  private @Nullable String migration;

  private PlainHypervisor(Process process, int pidfd, UnixSocket monitor, int port, Path folder) {
    this.process = process;
    this.pidfd = pidfd;
    this.port = port;
    this.folder = folder;
    this.qmp =
        new QmpClient(
            monitor,
            pidfd,
            event -> {
              if (event.name().equals("MIGRATION")) {
                migration = event.data().path("status").asString("");
              }
            });
  }

  /** Starts processes, and ends them when what they are for ends. */
  @FunctionalInterface
  interface Launcher {
    Process launch(ProcessBuilder builder) throws IOException;
  }

  /**
   * Where one runs.
   *
   * @param prefix words that run a command there
   * @param files the installation that has the guest's kernel and initial file system
   * @param folder for its sockets and RAM, on tmpfs; made and deleted by the hypervisor
   * @param listen address at which the guest's port is reached
   * @param port there
   * @param guestPort the guest's
   * @param incoming port at which it waits for a migration, or negative to boot at once
   */
  record Place(
      Launcher launcher,
      List<String> prefix,
      HostPaths files,
      Path folder,
      String listen,
      int port,
      int guestPort,
      int incoming) {}

  /**
   * Boots a guest on this host.
   *
   * @param folder for its sockets and RAM, on tmpfs; made and deleted by this
   * @param disk a qcow2 to give it, or null
   */
  static PlainHypervisor start(
      Workbench bench, GuestSpec like, Path folder, @Nullable Path disk, int guestPort)
      throws IOException, InterruptedException {
    return start(
        new Place(
            bench::launch,
            List.of(),
            bench.paths(),
            folder,
            "127.0.0.1",
            freePort(),
            guestPort,
            NOT_INCOMING),
        like,
        disk);
  }

  /** Boots a guest, or waits for one. */
  static PlainHypervisor start(Place place, GuestSpec like, @Nullable Path disk)
      throws IOException, InterruptedException {
    Path folder = place.folder();
    Files.createDirectories(folder);
    Path errors = folder.resolve("stderr");
    Process process =
        place
            .launcher()
            .launch(
                new ProcessBuilder(command(place, like, disk))
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(errors.toFile())
                    .redirectErrorStream(true));
    try {
      UnixSocket monitor = connect(folder.resolve("qmp.sock"), process, errors);
      int pidfd = Linux.pidfdOpen(process.pid());
      PlainHypervisor plain = new PlainHypervisor(process, pidfd, monitor, place.port(), folder);
      plain.qmp.negotiate(System.nanoTime() + START_NANOS_MAX);
      return plain;
    } catch (IOException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static List<String> command(Place place, GuestSpec like, @Nullable Path disk) {
    Path folder = place.folder();
    Path files = place.files().guest(like.name());
    boolean kvm = like.accelerator() == Accelerator.KVM;
    List<String> command = new ArrayList<>(place.prefix());
    command.addAll(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    command.addAll(List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none"));
    command.addAll(List.of("-machine", "microvm,acpi=on,rtc=on,isa-serial=on,memory-backend=ram0"));
    command.addAll(
        kvm
            ? List.of("-accel", "kvm", "-cpu", "host")
            : List.of("-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max"));
    command.addAll(List.of("-smp", Integer.toString(like.vcpus())));
    command.addAll(List.of("-m", like.memoryBytes() / (1 << 20) + "M"));
    command.addAll(
        List.of(
            "-object",
            "memory-backend-file,id=ram0,share=on,size="
                + like.memoryBytes()
                + ",mem-path="
                + folder.resolve("ram")));
    command.addAll(List.of("-qmp", "unix:" + folder.resolve("qmp.sock") + ",server=on,wait=off"));
    command.addAll(List.of("-serial", "file:" + folder.resolve("console")));
    if (place.incoming() >= 0) {
      command.addAll(List.of("-incoming", "tcp:0.0.0.0:" + place.incoming()));
    }
    addNetwork(command, place, like);
    if (disk != null) {
      command.addAll(List.of("-drive", "if=none,id=disk0,format=qcow2,file=" + disk));
      command.addAll(List.of("-device", "virtio-blk-device,drive=disk0"));
    }
    command.addAll(List.of("-kernel", files.resolve(String.valueOf(like.kernel())).toString()));
    command.addAll(List.of("-initrd", files.resolve(String.valueOf(like.initrd())).toString()));
    command.addAll(List.of("-append", String.valueOf(like.kernelCommandLine())));
    return command;
  }

  private static void addNetwork(List<String> command, Place place, GuestSpec like) {
    command.addAll(
        List.of(
            "-netdev",
            "user,id=net0,restrict=on,net="
                + like.address()
                + "/"
                + like.prefixLength()
                + ",host="
                + like.gateway()
                + ",hostfwd=tcp:"
                + place.listen()
                + ":"
                + place.port()
                + "-"
                + like.address()
                + ":"
                + place.guestPort()));
    command.addAll(List.of("-device", "virtio-net-device,netdev=net0,mac=" + like.mac()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static UnixSocket connect(Path path, Process process, Path errors)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    while (true) {
      try {
        return UnixSocket.connect(path);
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() - deadline > 0) {
          throw new IOException("QEMU did not start: " + Files.readString(errors).strip(), e);
        }
        Thread.sleep(20);
      }
    }
  }

  /** Where the host reaches the guest's port. */
  int port() {
    return port;
  }

  /** Sends a command, without the closing brace, and returns its value. */
  JsonNode execute(String command) throws IOException {
    return qmp.execute(command, System.nanoTime() + COMMAND_NANOS_MAX);
  }

  /** A command of the human monitor, which says nothing where it succeeds. */
  void monitor(String line) throws IOException {
    String said =
        execute(
                "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\""
                    + line
                    + "\"}")
            .asString("");
    if (!said.isBlank()) {
      throw new IOException("QEMU answered '" + said.strip() + "' to " + line);
    }
  }

  /** Migrates a stopped guest into {@code file}; returns when that is complete. */
  void migrateTo(int file) throws IOException {
    long deadline = System.nanoTime() + COMMAND_NANOS_MAX;
    migration = null;
    qmp.executeWithFd(
        "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"}", file, deadline);
    qmp.execute("{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:state\"}", deadline);
    qmp.awaitUntil(
        () -> "completed".equals(migration) || "failed".equals(migration),
        deadline,
        "the end of a migration");
    if (!"completed".equals(migration)) {
      throw new IOException("QEMU's migration to a file failed");
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    qmp.close();
    Linux.close(pidfd);
    Folders.delete(folder);
  }
}
