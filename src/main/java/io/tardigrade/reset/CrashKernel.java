package io.tardigrade.reset;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.PanicLog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * The kernel that a panic boots at once, without the firmware, which may clear memory: it waits in
 * memory set aside for it ({@code crashkernel=}), keeps the log of the kernel that panicked, and
 * jumps into a full system.
 *
 * <pre>
 *   STATE/crash/init           its first process, named on its command line
 *              /kernel         a line each: what it boots then,
 *              /initrd
 *              /command-line
 *              /log            where the log goes
 * </pre>
 */
public final class CrashKernel {
  /** What is set aside for it on the kernel's command line. */
  public static final String ARGUMENT = "crashkernel=320M";

  private static final Path LOADED = Path.of("/sys/kernel/kexec_crash_loaded");
  private static final Path ROOM = Path.of("/sys/kernel/kexec_crash_size");
  private static final String INIT = "crash-init.sh";

  private final HostPaths paths;

  /** That of the host with these paths. */
  public CrashKernel(HostPaths paths) {
    this.paths = paths;
  }

  /** Why a panic restarts this host by its firmware; empty where a crash kernel is loaded. */
  public Optional<String> missing() throws IOException {
    if (read(LOADED).equals("1")) {
      return Optional.empty();
    }
    return Optional.of(
        read(ROOM).isEmpty() || read(ROOM).equals("0")
            ? "no memory is set aside for a crash kernel (" + ARGUMENT + ")"
            : onRoot()
                ? "the crash kernel is not loaded yet, the agent does that by itself"
                : paths.state() + " is not on the root file system, the only one it would find");
  }

  private static String read(Path file) throws IOException {
    try {
      return Files.readString(file).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** Nothing but the root file system is mounted when its first process is looked for. */
  private boolean onRoot() throws IOException {
    Files.createDirectories(paths.state());
    return Files.getFileStore(paths.state()).equals(Files.getFileStore(Path.of("/")));
  }

  /**
   * Loads it where there is room for it and none is loaded.
   *
   * @param next what is booted in the end
   * @return why there is none
   */
  public Optional<String> prepare(NextKernel next) throws IOException {
    Optional<String> missing = missing();
    if (missing.isEmpty() || read(ROOM).isEmpty() || read(ROOM).equals("0") || !onRoot()) {
      return missing;
    }
    try (LinuxFile _ = KexecLock.take(paths)) {
      if (missing().isPresent()) {
        load(next);
      }
    }
    return missing();
  }

  private void load(NextKernel next) throws IOException {
    String running = next.commandLine();
    Path folder = Files.createDirectories(paths.state().resolve("crash")).toRealPath();
    Path init = folder.resolve("init");
    keep(init, script());
    Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
    keep(folder.resolve("kernel"), next.kernel() + "\n");
    keep(folder.resolve("initrd"), next.initrd() + "\n");
    keep(
        folder.resolve("command-line"),
        CrashCommandLine.ofFullSystem(
                running,
                Files.readString(Path.of("/proc/iomem")),
                Files.readString(Path.of("/proc/cpuinfo")))
            + "\n");
    Path logs = Files.createDirectories(paths.incidents()).toRealPath();
    PanicLog.prune(logs);
    keep(folder.resolve("log"), PanicLog.file(logs, BootId.current()).toString() + "\n");
    LinuxFile.syncDirectory(folder);
    Kexec.loadForPanic(
        new NextKernel(
            next.kernel(), next.initrd(), CrashCommandLine.ofCrashKernel(running, init)));
  }

  /** On the disk when this returns: a panic takes all else with it. */
  private static void keep(Path file, String text) throws IOException {
    Files.writeString(file, text);
    try (LinuxFile written = LinuxFile.open(file)) {
      written.sync();
    }
  }

  private static String script() throws IOException {
    try (InputStream in = CrashKernel.class.getResourceAsStream(INIT)) {
      if (in == null) {
        throw new IOException("this program was built without " + INIT);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
