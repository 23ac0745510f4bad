package io.tardigrade.reset;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The kernel that a reset jumps into, loaded before one is needed: a host in trouble may not be
 * able to read it any more, and an operator need not wait for it. {@code kexec.json} in the run
 * folder says which it is. Any process; a lock orders them.
 */
public final class PreloadedKernel {
  private static final Path LOADED = Path.of("/sys/kernel/kexec_loaded");

  private final HostPaths paths;

  /** That of the host with these paths. */
  public PreloadedKernel(HostPaths paths) {
    this.paths = paths;
  }

  /**
   * What was loaded, and which state of the files that was.
   *
   * @param kernel its file, size and time of change
   * @param initrd likewise
   * @param commandLine its arguments
   */
  record Loaded(String kernel, String initrd, String commandLine) {
    static Loaded of(NextKernel next) throws IOException {
      return new Loaded(state(next.kernel()), state(next.initrd()), next.commandLine());
    }

    private static String state(Path file) throws IOException {
      return file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file).toMillis();
    }
  }

  /** Whether a kernel is loaded, by whomever; never where the kernel that runs can load none. */
  public static boolean isAny() throws IOException {
    return Files.exists(LOADED) && Files.readString(LOADED).strip().equals("1");
  }

  /** Whether what is loaded is what is wanted. Pure. */
  static boolean fits(boolean any, @Nullable Loaded ours, Loaded wanted) {
    return any && wanted.equals(ours);
  }

  /** Loads it where none is loaded; one that somebody else has loaded is not ours to replace. */
  public void prepare(NextKernel next) throws IOException {
    if (!isAny()) {
      load(next, true);
    }
  }

  /** Has the very kernel loaded that is to be jumped into. */
  void ensure(NextKernel next) throws IOException {
    load(next, false);
  }

  private void load(NextKernel next, boolean onlyWhereNone) throws IOException {
    try (LinuxFile _ = KexecLock.take(paths)) {
      Loaded wanted = Loaded.of(next);
      if (onlyWhereNone ? isAny() : fits(isAny(), ours(), wanted)) {
        return;
      }
      Files.deleteIfExists(file());
      Kexec.load(next);
      Json.write(file(), wanted);
    }
  }

  private @Nullable Loaded ours() throws IOException {
    try {
      return Json.read(file(), Loaded.class);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private Path file() {
    return paths.run().resolve("kexec.json");
  }
}
