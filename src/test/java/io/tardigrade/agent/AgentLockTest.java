package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.AgentStart;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

  @Test
  void agentThatFindsAnotherOneLeavesNothing() throws Exception {
    HostPaths paths =
        new HostPaths(dir.resolve("state"), dir.resolve("run"), dir.resolve("images"), "abc");
    Files.createDirectories(paths.run());
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                AgentLauncher.pidFile(paths).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(other.getInputStream().read()).isEqualTo('h');
      assertThat(AgentStart.announce(paths)).isTrue();

      assertThat(Agent.serveUntilIdle(paths, 0)).isFalse();

      assertThat(paths.run()).isDirectoryNotContaining("glob:**/agent.coming");
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  /** Holds a lock until its end. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] file) throws Exception {
      try (FileChannel channel =
              FileChannel.open(
                  Path.of(file[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          var _ = channel.lock()) {
        System.out.print('h');
        System.out.flush();
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }
}
