package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The agent process. {@code --until-idle} lets it end when no guest is to run, as it does when a
 * command started it; a service runs without. Exit status 0: idle; 3: another agent runs; 1:
 * failed.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    int status;
    try {
      status = run(HostPaths.of(System.getenv()), List.of(args).contains("--until-idle"));
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      status = 1;
    }
    Runtime.getRuntime().halt(status);
  }

  private static int run(HostPaths paths, boolean untilIdle) throws IOException {
    Files.createDirectories(paths.run());
    try (FileChannel lockFile =
            FileChannel.open(
                paths.run().resolve("agent.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = lockFile.tryLock()) {
      if (lock == null) {
        return 3;
      }
      Supervisor supervisor = new Supervisor(paths);
      try (AgentServer _ = new AgentServer(AgentLauncher.socket(paths), supervisor)) {
        supervisor.run(untilIdle);
      }
      return 0;
    }
  }
}
