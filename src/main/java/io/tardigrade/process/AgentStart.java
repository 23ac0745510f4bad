package io.tardigrade.process;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * That an agent runs or comes up, from its first instruction on: early in a new system it resumes
 * guests before it can be asked anything, and who does not find it must not start another. A lock
 * on {@code agent.coming} in the run folder, held for as long as the process lives. Any thread.
 */
public final class AgentStart {
  private static @Nullable LinuxFile held;

  private AgentStart() {}

  /** Says so of this process; false where another process has said it before. */
  public static synchronized boolean announce(HostPaths paths) throws IOException {
    if (held != null) {
      return true;
    }
    Files.createDirectories(paths.run());
    LinuxFile file = LinuxFile.openOrCreate(file(paths));
    if (file.tryLock()) {
      held = file;
      return true;
    }
    file.close();
    return false;
  }

  /** This process ends: nothing of what it said is left. */
  public static synchronized void retract(HostPaths paths) throws IOException {
    // One that took over from another could not say so while that lived.
    LinuxFile own = announce(paths) ? held : null;
    if (own == null) {
      return;
    }
    held = null;
    try {
      Files.deleteIfExists(file(paths));
    } finally {
      own.close();
    }
  }

  /** Whether a process has said so that still lives. */
  public static boolean isAnnounced(HostPaths paths) {
    if (!Files.exists(file(paths))) {
      return false;
    }
    try (LinuxFile file = LinuxFile.open(file(paths))) {
      return !file.tryLock();
    } catch (IOException e) {
      return false;
    }
  }

  private static Path file(HostPaths paths) {
    return paths.run().resolve("agent.coming");
  }
}
