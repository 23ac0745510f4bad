package io.tardigrade.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentLauncherTest {
  private static final Duration BRIEFLY = Duration.ofMillis(500);

  @TempDir Path folder;
  private HostPaths paths;
  private final AtomicBoolean comesUp = new AtomicBoolean(true);

  @BeforeEach
  void makePaths() throws Exception {
    paths = HostPaths.of(Map.of("TARDIGRADE_RUN", folder.toString()));
  }

  @Test
  void agentThatComesUpIsWaitedForUntilItServes() throws Exception {
    Thread waits = Thread.ofPlatform().start(() -> AgentLauncher.awaitServing(paths, comesUp::get));
    assertThat(waits.join(BRIEFLY)).isFalse();

    Files.createFile(AgentLauncher.socket(paths));
    waits.join();
  }

  @Test
  void agentThatEndsWhileItComesUpIsNotWaitedFor() throws Exception {
    Thread waits = Thread.ofPlatform().start(() -> AgentLauncher.awaitServing(paths, comesUp::get));
    assertThat(waits.join(BRIEFLY)).isFalse();

    comesUp.set(false);
    waits.join();
  }

  @Test
  void onlyAnAgentPassesForOne() throws Exception {
    assertThat(AgentLauncher.isAgent(ProcessHandle.current())).isFalse();
    Process like = new ProcessBuilder("cat", "-", "io.tardigrade.agent.Main").start();
    try {
      assertThat(AgentLauncher.isAgent(like.toHandle())).isTrue();
    } finally {
      like.destroyForcibly().waitFor();
      assertThat(AgentLauncher.isAgent(like.toHandle())).isFalse();
    }
  }
}
