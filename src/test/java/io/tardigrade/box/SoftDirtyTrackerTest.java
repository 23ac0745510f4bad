package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tracker on a kernel that has soft-dirty bits, with another process that writes. */
@Tag("box")
class SoftDirtyTrackerTest {
  @Test
  void noPageWrittenIsMissedAndNoneIsReportedTwice() throws IOException {
    long seed = System.nanoTime();
    try (HostBox box = HostBox.start(HostBox.OPTIONS)) {
      CommandResult result =
          box.run(
              "java --enable-native-access=ALL-UNNAMED io.tardigrade.box.SoftDirtyTrial " + seed,
              Duration.ofMinutes(2));
      assertThat(result.exitCode()).as("seed " + seed + ": " + result.errorText()).isZero();
      assertThat(result.text()).startsWith("none missed");
    }
  }
}
