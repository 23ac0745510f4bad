package io.tardigrade.doctor;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.image.BootPlan;
import io.tardigrade.image.GuestKernel;
import io.tardigrade.image.GuestSettings;
import io.tardigrade.image.Initramfs;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Boots the guests' kernel in KVM, into a program that says a word, and listens for that word. */
final class KvmProbe {
  private static final String WORD = "tardigrade-runs-in-kvm";
  private static final int OUTPUT_BYTES_MAX = 1 << 20;
  private static final long POLL_MILLIS = 20;

  /** A guest that says nothing for so long is dead. */
  private static final long SILENCE_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

  /** Hosts that are themselves emulated take a quarter of a minute. */
  private static final long TOTAL_NANOS_MAX = TimeUnit.SECONDS.toNanos(90);

  private final HostPaths paths;

  KvmProbe(HostPaths paths) {
    this.paths = paths;
  }

  /**
   * What came of it.
   *
   * @param isFinal false where it could not be tried, and should be another time
   */
  record Result(boolean works, boolean isFinal, String detail) {}

  Result run() {
    try {
      Files.createDirectories(paths.cache());
      Path folder = Files.createTempDirectory(paths.cache(), "kvm-probe-");
      Path initrd = folder.resolve("initrd");
      try {
        BootPlan plan =
            new Initramfs(GuestKernel.obtain(paths.cache()))
                .build(initrd, GuestSettings.named("probe"), List.of("/bin/echo", WORD), List.of());
        return boot(plan);
      } finally {
        Files.deleteIfExists(initrd);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      return new Result(false, false, "KVM could not be tried out: " + e.getMessage());
    }
  }

  private static Result boot(BootPlan plan) throws IOException {
    Process process =
        new ProcessBuilder(command(plan))
            .redirectErrorStream(true)
            .redirectInput(new java.io.File("/dev/null"))
            .start();
    try {
      return listen(process);
    } finally {
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  private static List<String> command(BootPlan plan) {
    return List.of(
        QemuVersion.PROGRAM,
        "-M",
        plan.machine().options(),
        "-accel",
        "kvm",
        "-cpu",
        "host",
        "-m",
        "128M",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-vga",
        "none",
        "-no-reboot",
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-serial",
        "stdio",
        "-kernel",
        String.valueOf(plan.kernel()),
        "-initrd",
        String.valueOf(plan.initrd()),
        "-append",
        // Its progress is heard from the start, so that silence tells.
        plan.commandLine() + " earlyprintk=ttyS0 ignore_loglevel");
  }

  private static Result listen(Process process) throws IOException {
    StringBuilder heard = new StringBuilder();
    InputStream output = process.getInputStream();
    long start = System.nanoTime();
    long lastWord = start;
    while (System.nanoTime() - start < TOTAL_NANOS_MAX
        && System.nanoTime() - lastWord < SILENCE_NANOS_MAX) {
      boolean alive = process.isAlive();
      byte[] bytes = output.readNBytes(Math.min(output.available(), 65_536));
      if (bytes.length > 0 && heard.length() < OUTPUT_BYTES_MAX) {
        heard.append(new String(bytes, StandardCharsets.UTF_8));
        lastWord = System.nanoTime();
      }
      // The kernel repeats its command line, which does not hold the word.
      if (heard.indexOf(WORD) >= 0) {
        return new Result(true, true, "KVM runs a guest");
      }
      if (heard.indexOf("KVM internal error") >= 0) {
        return new Result(false, true, "a guest dies in KVM with an internal error");
      }
      if (!alive && bytes.length == 0) {
        return new Result(false, true, "a guest in KVM ends at once (" + tail(heard) + ")");
      }
      pause();
    }
    return new Result(
        false,
        true,
        heard.isEmpty()
            ? "a guest started in KVM never says a word"
            : "a guest in KVM gets stuck (" + tail(heard) + ")");
  }

  private static String tail(StringBuilder heard) {
    List<String> lines = heard.toString().lines().filter(line -> !line.isBlank()).toList();
    String last = lines.isEmpty() ? "nothing said" : lines.getLast();
    last = last.replaceAll("\\p{Cntrl}", " ").strip();
    return last.length() > 100 ? last.substring(0, 100) + "…" : last;
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }
}
