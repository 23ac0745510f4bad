package io.tardigrade.ensemble;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.JavaProcess;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * This host's server: found where an agent before this one has started it, started where it is
 * missing. It is not ended with the agent. One thread.
 */
final class ServerProcess {
  /** What is stored is small: some kilobytes for each guest. */
  private static final int HEAP_MEBIBYTES_MAX = 96;

  /** A server that does not come up is not started more often than this. */
  private static final long START_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long END_SECONDS_MAX = 5;

  private final HostPaths paths;
  private final ServerFiles files;
  private long nextStartNanos = System.nanoTime();

  ServerProcess(HostPaths paths) {
    this.paths = paths;
    this.files = new ServerFiles(paths.cluster());
  }

  /** Whether it runs, or is to. */
  boolean exists() {
    return files.exist();
  }

  ServerFiles files() {
    return files;
  }

  /** Starts it where it does not run; returns whether it had to. */
  boolean ensure() throws IOException {
    if (files.locked() || System.nanoTime() - nextStartNanos < 0) {
      return false;
    }
    nextStartNanos = System.nanoTime() + START_PAUSE_NANOS;
    Process _ =
        JavaProcess.start(
            paths, ServerMain.class.getName(), HEAP_MEBIBYTES_MAX, List.of(), files.log());
    return true;
  }

  /** Ends it, and takes away what it has stored. */
  void remove() throws IOException, InterruptedException {
    end();
    files.delete();
  }

  /** Ends it. */
  void end() throws IOException, InterruptedException {
    if (!files.locked()) {
      return;
    }
    ProcessHandle process = files.process().orElse(null);
    if (process == null) {
      return;
    }
    boolean _ = process.destroy();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS_MAX);
    while (files.locked() && System.nanoTime() - deadline < 0) {
      Thread.sleep(20);
    }
    if (files.locked()) {
      boolean _ = process.destroyForcibly();
      while (files.locked()) {
        Thread.sleep(20);
      }
    }
  }
}
