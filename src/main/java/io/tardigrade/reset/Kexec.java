package io.tardigrade.reset;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The kernel's way to boot the next one without the firmware, by the tool of kexec-tools. */
final class Kexec {
  private static final Duration LOAD_MAX = Duration.ofMinutes(1);

  private Kexec() {}

  /** Loads the next kernel; the one that runs places it and keeps it out of the region. */
  static void load(NextKernel next) throws IOException {
    load("-l", next);
  }

  /** Loads the kernel that a panic boots, into the memory that was set aside for it. */
  static void loadForPanic(NextKernel crash) throws IOException {
    load("-p", crash);
  }

  private static void load(String what, NextKernel next) throws IOException {
    String _ =
        Command.run(
            List.of(
                "kexec",
                "-s",
                what,
                next.kernel().toString(),
                "--initrd=" + next.initrd(),
                "--command-line=" + next.commandLine()),
            "",
            LOAD_MAX);
  }

  /** Takes back {@link #load}. */
  static void unload() throws IOException {
    Command.Result _ = Command.attempt("kexec", "-s", "-u");
  }

  /** Jumps. Returns only where that fails. */
  static void jump() throws IOException {
    String _ = Command.run(List.of("kexec", "-e"), "", LOAD_MAX);
  }
}
