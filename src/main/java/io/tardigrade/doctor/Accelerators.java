package io.tardigrade.doctor;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.qemu.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Chooses what executes guests: KVM where it really runs one, else QEMU's emulator. That /dev/kvm
 * opens is not enough: on some nested machines guests die in it.
 */
public final class Accelerators {
  static final Path DEVICE = Path.of("/dev/kvm");
  private static final int GROUP_READ_WRITE = 0060;
  private static final int OTHERS_READ_WRITE = 0006;

  private Accelerators() {}

  /**
   * The choice, and why, in half a sentence.
   *
   * @param accelerator what executes guests
   */
  public record Choice(Accelerator accelerator, String reason) {}

  /**
   * What was found out, for as long as {@code key} stays the same.
   *
   * @param key boot, kernel and QEMU
   */
  private record Remembered(String key, Choice choice) {}

  /**
   * Chooses. Takes some seconds the first time after a boot of the host or an update of QEMU, as a
   * guest is started to see; then the answer is remembered in the cache folder.
   *
   * @param progress is told what takes time
   */
  public static Choice detect(HostPaths paths, Consumer<String> progress) throws IOException {
    String obstacle = obstacle();
    if (!obstacle.isEmpty()) {
      return new Choice(Accelerator.TCG, obstacle);
    }
    String key = key();
    Path file = paths.cache().resolve("kvm.json");
    if (Files.isReadable(file)) {
      try {
        Remembered remembered = Json.read(file, Remembered.class);
        if (remembered.key().equals(key)) {
          return remembered.choice();
        }
      } catch (IOException unreadable) {
        // Found out anew.
      }
    }
    if (Linux.geteuid() != 0) {
      return new Choice(Accelerator.TCG, DEVICE + " was not tried out, which needs root");
    }
    progress.accept("trying out whether KVM runs a guest here (once per boot)");
    KvmProbe.Result result = new KvmProbe(paths).run();
    Choice choice =
        result.works()
            ? new Choice(Accelerator.KVM, result.detail())
            : new Choice(Accelerator.TCG, result.detail());
    if (result.isFinal()) {
      Files.createDirectories(paths.cache());
      Json.write(file, new Remembered(key, choice));
    }
    return choice;
  }

  /** Why KVM cannot be used, as far as files tell; empty where nothing is known against it. */
  private static String obstacle() throws IOException {
    if (!Files.exists(DEVICE)) {
      return DEVICE
          + " does not exist: enable virtualisation in firmware, load kvm_intel or kvm_amd";
    }
    int mode = (Integer) Files.getAttribute(DEVICE, "unix:mode");
    boolean shared =
        (mode & GROUP_READ_WRITE) == GROUP_READ_WRITE
            || (mode & OTHERS_READ_WRITE) == OTHERS_READ_WRITE;
    if (!shared) {
      return DEVICE + " is open to no group: 'chgrp kvm " + DEVICE + "' and 'chmod g+rw' it";
    }
    try {
      Linux.close(Linux.open(DEVICE, Linux.O_RDWR));
      return "";
    } catch (IOException e) {
      return DEVICE + " does not open (" + e.getMessage() + ")";
    }
  }

  private static String key() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
        + " "
        + Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip()
        + " "
        + Command.run(QemuVersion.PROGRAM, "--version").lines().findFirst().orElse("");
  }
}
