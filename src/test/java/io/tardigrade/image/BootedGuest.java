package io.tardigrade.image;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A plan booted under a plain emulated QEMU, with its console in a file. */
final class BootedGuest implements AutoCloseable {
  private static final Duration BOOT_TIME_MAX = Duration.ofSeconds(60);

  private final Process process;
  private final Path console;
  private final Path qmp;

  private BootedGuest(Process process, Path console, Path qmp) {
    this.process = process;
    this.console = console;
    this.qmp = qmp;
  }

  /** The kernel all system tests share; fetched once, into the build's folder. */
  static GuestKernel kernel() throws IOException {
    return GuestKernel.obtain(Path.of("target", "guest-cache"));
  }

  static BootedGuest boot(BootPlan plan, Path folder, Map<String, Path> disks, String... more)
      throws IOException {
    Path console = folder.resolve("console");
    Path qmp = folder.resolve("qmp");
    BootPlan emulated = plan.withKernelArguments(List.of(BootPlan.clockArgument()));
    List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-accel", "tcg"));
    command.addAll(List.of("-M", plan.machine().options(), "-m", "128", "-nodefaults"));
    command.addAll(List.of("-no-user-config", "-no-reboot", "-vga", "none", "-display", "none"));
    command.addAll(List.of("-qmp", "unix:" + qmp + ",server=on,wait=off"));
    if (emulated.kernel() != null) {
      command.addAll(List.of("-kernel", emulated.kernel().toString()));
      command.addAll(List.of("-initrd", Objects.requireNonNull(emulated.initrd()).toString()));
      command.addAll(List.of("-append", emulated.commandLine()));
    }
    Map<String, Path> all = new TreeMap<>(disks);
    if (plan.rootDisk() != null) {
      all.put(BootPlan.ROOT_SERIAL, plan.rootDisk());
    }
    String device =
        plan.machine() == BootPlan.Machine.MICROVM ? "virtio-blk-device" : "virtio-blk-pci";
    all.forEach((serial, file) -> {
      command.addAll(List.of("-drive", "if=none,format=raw,id=" + serial + ",file=" + file));
      command.addAll(List.of("-device", device + ",drive=" + serial + ",serial=" + serial));
    });
    command.addAll(List.of(more));
    command.addAll(List.of("-serial", "stdio"));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    return new BootedGuest(process, console, qmp);
  }

  /** All that the console has shown, with the terminal's line ends made plain. */
  String console() throws IOException {
    return new String(Files.readAllBytes(console), StandardCharsets.UTF_8).replace("\r\n", "\n");
  }

  BootedGuest awaitConsole(String text) {
    Awaitility.await()
        .atMost(BOOT_TIME_MAX)
        .pollInterval(Duration.ofMillis(50))
        .failFast("the guest ended before it wrote `" + text + "`", () -> !shownOrAlive(text))
        .until(() -> console().contains(text));
    return this;
  }

  private boolean shownOrAlive(String text) throws IOException {
    return process.isAlive() || console().contains(text);
  }

  /** Waits until the machine has powered itself off, and returns the whole console. */
  String awaitPowerOff() throws IOException, InterruptedException {
    if (!process.waitFor(BOOT_TIME_MAX.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the guest did not power itself off; its console:\n" + console());
    }
    return console();
  }

  void type(String text) throws IOException {
    OutputStream keyboard = process.getOutputStream();
    keyboard.write(text.getBytes(StandardCharsets.UTF_8));
    keyboard.flush();
  }

  void pressPowerButton() throws IOException {
    try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.connect(UnixDomainSocketAddress.of(qmp));
      BufferedReader replies =
          new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
      replies.readLine();
      for (String command : List.of("qmp_capabilities", "system_powerdown")) {
        String line = "{\"execute\":\"" + command + "\"}\n";
        socket.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        replies.readLine();
      }
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
