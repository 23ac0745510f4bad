package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.core.RecoveryPolicy.Attempts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttemptsFileTest {
  @TempDir Path dir;

  private AttemptsFile file() {
    return new AttemptsFile(dir.resolve("attempts"));
  }

  @Test
  void theNextGuardianGoesOnCounting() throws IOException {
    assertThat(file().read()).isEqualTo(Attempts.NONE);
    for (int i = 1; i <= 5; i++) {
      file().write(file().read().next(42));
      assertThat(file().read()).isEqualTo(new Attempts(42, i));
    }
    try (var files = Files.list(dir)) {
      assertThat(files).containsExactly(dir.resolve("attempts"));
    }
  }

  @Test
  void whatCannotBeReadCountsAsNone() throws IOException {
    for (String text : new String[] {"", "\n", "7", "7 x", "a b", "1 99999999999", "1 2 3", " "}) {
      Files.writeString(dir.resolve("attempts"), text);
      assertThat(file().read()).as("'%s'", text).isEqualTo(Attempts.NONE);
    }
    Files.write(dir.resolve("attempts"), new byte[] {(byte) 0xff, (byte) 0xfe, ' ', '1'});
    assertThat(file().read()).isEqualTo(Attempts.NONE);
  }
}
