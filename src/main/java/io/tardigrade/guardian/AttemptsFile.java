package io.tardigrade.guardian;

import io.tardigrade.core.RecoveryPolicy.Attempts;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Keeps the number of recoveries from one epoch across guardians: a file {@code attempts} of "EPOCH
 * COUNT".
 */
record AttemptsFile(Path file) {
  Attempts read() throws IOException {
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
      int space = text.indexOf(' ');
      return new Attempts(
          Long.parseLong(text.substring(0, Math.max(0, space))),
          Integer.parseInt(text.substring(space + 1)));
    } catch (NoSuchFileException e) {
      return Attempts.NONE;
    } catch (NumberFormatException e) {
      // Written in one step by us; whoever changed it does not get a guest given up for it.
      return Attempts.NONE;
    }
  }

  void write(Attempts attempts) throws IOException {
    Path next = file.resolveSibling("attempts.new");
    Files.writeString(next, attempts.epoch() + " " + attempts.count() + "\n");
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * As {@link #write}, and it survives the host: a guest that makes its host crash is not to be
   * resumed for ever.
   */
  void writeDurably(Attempts attempts) throws IOException {
    write(attempts);
    try (LinuxFile written = LinuxFile.open(file)) {
      written.sync();
    }
    LinuxFile.syncDirectory(file.resolveSibling(""));
  }
}
