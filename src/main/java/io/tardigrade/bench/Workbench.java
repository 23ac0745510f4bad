package io.tardigrade.bench;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Folders;
import io.tardigrade.process.AgentLauncher;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * An installation of its own, in which a benchmark starts its guests and of which nothing is left
 * when it is closed, also on Ctrl-C. Guests are started by one thread.
 */
final class Workbench implements Closeable {
  private static final long AGENT_SECONDS_MAX = 10;
  private static final long AGENT_ANSWER_MILLIS_MAX = 5000;

  private final HostPaths paths;
  private final Commands commands;
  private final Consumer<String> progress;
  private final Set<Process> processes = ConcurrentHashMap.newKeySet();
  private final ReentrantLock starting = new ReentrantLock();
  private final Thread onInterrupt = new Thread(this::cleanUp, "bench-cleanup");
  private volatile boolean closing;
  private boolean cleaned;
  private int serial;

  private Workbench(HostPaths paths, Commands commands, Consumer<String> progress) {
    this.paths = paths;
    this.commands = commands;
    this.progress = progress;
  }

  /**
   * Sets one up.
   *
   * @param user the user's own installation, whose cache of guest kernels is used
   */
  static Workbench open(HostPaths user, Commands commands, Consumer<String> progress)
      throws IOException {
    Path state = Files.createTempDirectory("tardigrade-bench-");
    // Hypervisors run as users of their own and have to reach their guest's files.
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx--x--x"));
    Files.createDirectories(user.cache());
    Files.createSymbolicLink(state.resolve("cache"), user.cache());
    HostPaths own = HostPaths.of(Map.of("TARDIGRADE_STATE", state.toString()));
    Workbench bench = new Workbench(own, commands, progress);
    Runtime.getRuntime().addShutdownHook(bench.onInterrupt);
    return bench;
  }

  HostPaths paths() {
    return paths;
  }

  void progress(String text) {
    progress.accept(text);
  }

  /** Starts a guest as {@code run --detach} does; close it to delete it. */
  BenchGuest start(Mode mode, GuestSize size, List<String> program) throws IOException {
    return start(mode, size.option(), program);
  }

  /** As {@link #start(Mode, GuestSize, List)}, with its RAM as {@code run} takes it. */
  BenchGuest start(Mode mode, String memory, List<String> program) throws IOException {
    String name = "bench-" + ++serial;
    List<String> words = new ArrayList<>(List.of("run", "--name", name, "--detach"));
    words.addAll(List.of("--memory", memory));
    words.addAll(mode.options());
    words.add("--");
    words.addAll(program);
    starting.lock();
    try {
      refuseClosing();
      demand(words);
    } finally {
      starting.unlock();
    }
    return new BenchGuest(this, name, mode);
  }

  void delete(String guest) throws IOException {
    try {
      if (GuestFiles.of(paths, guest).exists()) {
        demand(List.of("delete", "-y", guest));
      }
    } catch (IOException e) {
      // After Ctrl-C two threads clean up, and the other one may have been quicker.
      if (GuestFiles.of(paths, guest).exists()) {
        throw e;
      }
    }
  }

  private void demand(List<String> words) throws IOException {
    Commands.Ended ended = commands.run(paths, words.toArray(new String[0]));
    if (ended.code() != 0) {
      throw new IOException(
          "'tardigrade "
              + String.join(" ", words)
              + "' failed with code "
              + ended.code()
              + ": "
              + ended.said().strip().replaceAll("\\s*\\n\\s*", "; "));
    }
  }

  /** Starts a process that ends with this workbench at the latest. */
  Process launch(ProcessBuilder builder) throws IOException {
    starting.lock();
    try {
      refuseClosing();
      Process process = builder.start();
      processes.add(process);
      return process;
    } finally {
      starting.unlock();
    }
  }

  private void refuseClosing() throws IOException {
    if (closing) {
      throw new IOException("the benchmark was interrupted");
    }
  }

  @Override
  public void close() {
    cleanUp();
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      // Interrupted: the hook waits for this, and finds nothing left.
    }
  }

  private synchronized void cleanUp() {
    if (cleaned) {
      return;
    }
    cleaned = true;
    closing = true;
    try {
      // A guest that is just being started is deleted under the command that waits for it.
      while (!starting.tryLock(200, TimeUnit.MILLISECONDS)) {
        deleteGuests();
      }
      starting.unlock();
      processes.forEach(Process::destroyForcibly);
      deleteGuests();
      awaitAgentsEnd();
      Folders.delete(paths.run());
      Folders.delete(paths.images());
      Folders.delete(paths.state());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      progress.accept("interrupted; " + paths.state() + " may be left");
    } catch (IOException e) {
      progress.accept("cleaning up: " + e.getMessage() + "; " + paths.state() + " is left");
    }
  }

  private void deleteGuests() throws IOException {
    for (String name : GuestFiles.names(paths)) {
      try {
        delete(name);
      } catch (IOException e) {
        progress.accept(e.getMessage());
      }
    }
  }

  /**
   * The agent ends by itself once there is no guest, and nobody asks it anything; one that does not
   * would go on without its folders.
   */
  private void awaitAgentsEnd() throws InterruptedException {
    Optional<ProcessHandle> agent;
    try {
      agent = ProcessHandle.of(AgentLauncher.ask(paths, AGENT_ANSWER_MILLIS_MAX).pid());
    } catch (IOException e) {
      // None runs.
      return;
    }
    if (agent.isPresent() && !endsWithin(agent.get(), AGENT_SECONDS_MAX)) {
      boolean _ = agent.get().destroy();
      if (!endsWithin(agent.get(), AGENT_SECONDS_MAX)) {
        progress.accept("the agent of " + paths.state() + " still runs");
      }
    }
  }

  private static boolean endsWithin(ProcessHandle process, long seconds)
      throws InterruptedException {
    try {
      var _ = process.onExit().get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return !process.isAlive();
    }
  }
}
