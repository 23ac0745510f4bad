package io.tardigrade.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What a command in a lab host ended with.
 *
 * @param exitCode as of a shell: 124 if it was ended for taking too long, 128 + signal if killed
 * @param stdout everything it wrote to standard output
 * @param stderr everything it wrote to standard error
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record CommandResult(int exitCode, byte[] stdout, byte[] stderr) {
  /** Exit code of a command that ran out of its time. */
  public static final int TIMED_OUT = 124;

  /** Standard output as text, without the line break at its end. */
  public String text() {
    return new String(stdout, StandardCharsets.UTF_8).stripTrailing();
  }

  /** Standard error as text, without the line break at its end. */
  public String errorText() {
    return new String(stderr, StandardCharsets.UTF_8).stripTrailing();
  }

  /** This result, or an exception with everything the command said if its exit code is not 0. */
  public CommandResult orThrow() throws IOException {
    if (exitCode == 0) {
      return this;
    }
    throw new IOException(
        "the command in the lab host ended with %d%s; stdout:%n%s%nstderr:%n%s"
            .formatted(exitCode, exitCode == TIMED_OUT ? " (timed out)" : "", text(), errorText()));
  }
}
