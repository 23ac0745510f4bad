package io.tardigrade.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether an agent runs or comes up. */
class AgentStartTest {
  @TempDir Path folder;

  @Test
  void agentThatComesUpIsSeenFromItsFirstInstructionUntilItEnds() throws Exception {
    HostPaths paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    assertThat(AgentStart.isAnnounced(paths)).isFalse();
    Files.createDirectories(paths.run());
    try (LinuxFile other = LinuxFile.openOrCreate(paths.run().resolve("agent.coming"))) {
      assertThat(AgentStart.isAnnounced(paths)).isFalse();
      assertThat(other.tryLock()).isTrue();
      assertThat(AgentStart.isAnnounced(paths)).isTrue();
      assertThat(AgentStart.announce(paths)).as("one at a time").isFalse();
    }
    assertThat(AgentStart.isAnnounced(paths)).as("the one before has ended").isFalse();
    assertThat(AgentStart.announce(paths)).isTrue();
    assertThat(AgentStart.announce(paths)).as("its own").isTrue();
    assertThat(AgentStart.isAnnounced(paths)).isTrue();
    AgentStart.retract(paths);
    assertThat(AgentStart.isAnnounced(paths)).isFalse();
    assertThat(paths.run()).isEmptyDirectory();
  }
}
