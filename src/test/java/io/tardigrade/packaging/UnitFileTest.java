package io.tardigrade.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The unit file as users copy it. */
final class UnitFileTest {
  private static final Path UNIT = Path.of("packaging", "tardigrade-agent.service");
  private static final Path ANALYZE = Path.of("/usr/bin/systemd-analyze");

  @TempDir Path dir;

  /** What systemd says of the unit once a clone's path is written into it, as its head says. */
  private String verdict(String unit) throws IOException {
    Path file = dir.resolve(UNIT.getFileName());
    Files.writeString(
        file,
        unit.replace(
            "=/opt/tardigrade/tardigrade ", "=" + Path.of("tardigrade").toAbsolutePath() + " "));
    Command.Result result =
        Command.attempt(
            List.of(ANALYZE.toString(), "verify", "--man=no", file.toString()),
            "",
            Duration.ofMinutes(1));
    assertThat(result.status()).isZero();
    return result.stdout() + result.stderr();
  }

  @Test
  void systemdHasNothingToSayOfTheUnit() throws IOException {
    assumeTrue(Files.isExecutable(ANALYZE), "this host has no systemd");
    String unit = Files.readString(UNIT);
    assertThat(verdict(unit)).isEmpty();
    assertThat(verdict(unit.replace("KillMode=", "KillMod="))).contains("Unknown key 'KillMod'");
  }

  /** The test of the agent as a service shows that it keeps these promises. */
  @Test
  void onlyTheAgentIsStoppedAndItSaysWhenItIsReady() throws IOException {
    assertThat(Files.readAllLines(UNIT))
        .contains(
            "Type=notify", "KillMode=process", "Restart=always", "RuntimeDirectoryPreserve=yes");
  }
}
