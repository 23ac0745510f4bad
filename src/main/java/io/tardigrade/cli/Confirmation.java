package io.tardigrade.cli;

import io.tardigrade.guest.UsageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code -y}: what cannot be undone is asked for first. */
final class Confirmation {
  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  /** Whether the user agrees; nobody is asked where no person is there to answer. */
  boolean agreed(Session session, String question) throws IOException {
    if (yes) {
      return true;
    }
    if (!session.interactive()) {
      throw new UsageException(question + " Nobody is here to ask: confirm with -y");
    }
    session.err().print(question + " [y/N] ");
    session.err().flush();
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(session.in(), StandardCharsets.UTF_8));
    @Nullable String answer = reader.readLine();
    return answer != null && answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
  }
}
