package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentLockTest {
  @TempDir Path dir;

  @Test
  void fileTellsTheHolderAndGoesWithIt() throws IOException {
    Path file = dir.resolve("agent.pid");
    for (int i = 0; i < 3; i++) {
      try (AgentLock lock = AgentLock.tryTake(file)) {
        assertThat(lock).isNotNull();
        assertThat(Files.size(file)).isEqualTo((ProcessHandle.current().pid() + "\n").length());
      }
      assertThat(file).doesNotExist();
    }
  }

  @Test
  void fileThatAKilledAgentLeftIsTaken() throws IOException {
    Path file = Files.writeString(dir.resolve("agent.pid"), "99999999999\n");
    try (AgentLock lock = AgentLock.takeOver(file, 4)) {
      assertThat(lock).isNotNull();
    }
    assertThat(file).doesNotExist();
  }
}
