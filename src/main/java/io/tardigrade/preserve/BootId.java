package io.tardigrade.preserve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** Tells one run of the operating system from the next. */
public final class BootId {
  private BootId() {}

  /** Of the kernel that runs; another one after every boot, kexec included. */
  public static String current() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }

  /** When this kernel started. */
  public static Instant startedAt() throws IOException {
    String uptime = Files.readString(Path.of("/proc/uptime"));
    double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
    return Instant.now().minusMillis((long) (seconds * 1000));
  }
}
