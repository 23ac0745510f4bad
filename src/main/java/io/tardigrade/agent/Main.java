package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.PreservedMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;

/**
 * The agent process. {@code --until-idle} lets it end when no guest is to run, as it does when a
 * command started it; a service runs without. {@code --replace} takes over from an agent that runs.
 * Exit status 0: idle; 3: another agent runs; 1: failed.
 */
public final class Main {
  private static final String PID_FILE = "agent.pid";
  private static final long TAKE_OVER_NANOS_MAX = 2_000_000_000;

  private Main() {}

  public static void main(String[] args) {
    int status;
    try {
      List<String> options = List.of(args);
      status =
          run(
              HostPaths.of(System.getenv()),
              options.contains("--until-idle"),
              options.contains("--replace"));
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      status = 1;
    }
    Runtime.getRuntime().halt(status);
  }

  private static int run(HostPaths paths, boolean untilIdle, boolean replace) throws IOException {
    Files.createDirectories(paths.run());
    try (FileChannel lockFile =
            FileChannel.open(
                paths.run().resolve("agent.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = replace ? takeOver(paths, lockFile) : lockFile.tryLock()) {
      if (lock == null) {
        return 3;
      }
      Files.writeString(paths.run().resolve(PID_FILE), ProcessHandle.current().pid() + "\n");
      // Before any guest: one whose image lies there must not be taken for lost.
      new PreservedMemory(paths)
          .bringUp()
          .ifPresent(why -> System.err.println(Instant.now() + " preserved memory: " + why));
      Supervisor supervisor = new Supervisor(paths);
      try (AgentServer _ = new AgentServer(AgentLauncher.socket(paths), supervisor)) {
        supervisor.run(untilIdle);
      }
      return 0;
    }
  }

  /** Asks the agent that runs to end, and ends it where it does not; returns its lock. */
  private static FileLock takeOver(HostPaths paths, FileChannel lockFile) throws IOException {
    AgentLauncher.askToEnd(paths);
    long deadline = System.nanoTime() + TAKE_OVER_NANOS_MAX;
    while (true) {
      FileLock lock = lockFile.tryLock();
      if (lock != null) {
        return lock;
      }
      if (System.nanoTime() > deadline) {
        endByForce(paths.run().resolve(PID_FILE));
        return lockFile.lock();
      }
      AgentLauncher.sleep(10);
    }
  }

  private static void endByForce(Path pidFile) throws IOException {
    long pid = Long.parseLong(Files.readString(pidFile).strip());
    System.err.println(Instant.now() + " agent " + pid + " does not end when asked; killing it");
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }
}
