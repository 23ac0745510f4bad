package io.tardigrade.process;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the host's agent, starting one where none runs and replacing one that hangs: that is safe
 * at any time, for no guest depends on its agent. Any thread, any process.
 */
public final class AgentLauncher {
  /** The agent's program; whoever starts a process need not know what is in it. */
  public static final String MAIN = "io.tardigrade.agent.Main";

  /** Images of guests are made in the agent. */
  private static final int HEAP_MEBIBYTES_MAX = 256;

  /** A second anywhere but on an emulated host, where it takes minutes. */
  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(180);

  /** An agent that does not come up is not started more often than this. */
  private static final long START_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /**
   * An agent that leaves the simplest question unanswered for so long hangs: far more than it takes
   * on an emulated host just after its start.
   */
  private static final long ANSWER_MILLIS_MAX = 10_000;

  /** Guardians look so often whether the agent hangs; that it has died they are told. */
  private static final long LOOK_MILLIS = 5000;

  private static final long PAUSE_MILLIS_MAX = 200;

  private static final String VERSION = "/v1/version";

  private AgentLauncher() {}

  /**
   * Connects to an agent that may be asked to change something: one of this very build, or one that
   * somebody runs as a service and is to upgrade himself. While the connection is open, the agent
   * does not end for having nothing to do.
   *
   * @param progress is told what takes time
   * @throws IOException where no agent comes up, naming its log
   */
  public static UnixHttp connect(HostPaths paths, Consumer<String> progress) throws IOException {
    return connect(paths, true, progress);
  }

  /** Makes sure that an agent serves, be it of another build. */
  public static void ensureAny(HostPaths paths, Consumer<String> progress) throws IOException {
    connect(paths, false, progress).close();
  }

  private static UnixHttp connect(HostPaths paths, boolean thisBuild, Consumer<String> progress)
      throws IOException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    Path log = log(paths);
    long nextStart = 0;
    long pauseMillis = 10;
    @Nullable Process started = null;
    while (true) {
      List<String> options = new ArrayList<>(List.of("--until-idle"));
      @Nullable UnixHttp http = null;
      try {
        http = open(paths);
        AgentInfo found = ask(http, ANSWER_MILLIS_MAX);
        if (!thisBuild || found.service() || found.build().equals(Program.build())) {
          UnixHttp connected = http;
          http = null;
          return connected;
        }
        options.add("--replace=" + found.pid());
      } catch (SilentException e) {
        OptionalLong pid = pid(paths);
        if (pid.isPresent() && started == null) {
          progress.accept(
              "the agent (process " + pid.getAsLong() + ") does not answer; replacing it");
        }
        pid.ifPresent(p -> options.add("--replace=" + p));
      } catch (IOException e) {
        // None runs, or it is just coming up, or ending.
      } finally {
        if (http != null) {
          http.close();
        }
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("no agent of this version came up within 180 s; see " + log);
      }
      // One that found another agent coming up has ended; should that one fail, the next is needed.
      if (started == null || (!started.isAlive() && System.nanoTime() - nextStart > 0)) {
        nextStart = System.nanoTime() + START_PAUSE_NANOS;
        Files.createDirectories(paths.run());
        started = JavaProcess.start(paths, MAIN, HEAP_MEBIBYTES_MAX, options, log);
      }
      // On a slow host the one that comes up needs the processor more.
      pauseMillis = Math.min(PAUSE_MILLIS_MAX, pauseMillis + 5);
      sleep(pauseMillis);
    }
  }

  /**
   * What the agent says of itself.
   *
   * @throws SilentException where it is there and does not answer in time
   * @throws IOException where none runs
   */
  public static AgentInfo ask(HostPaths paths, long answerMillisMax) throws IOException {
    try (UnixHttp http = open(paths)) {
      return ask(http, answerMillisMax);
    }
  }

  private static UnixHttp open(HostPaths paths) throws IOException {
    if (!Files.exists(socket(paths))) {
      throw new IOException("no agent listens at " + socket(paths));
    }
    return UnixHttp.connect(socket(paths));
  }

  /** As {@link #ask(HostPaths, long)}, on a connection that goes on to be used. */
  public static AgentInfo ask(UnixHttp http, long answerMillisMax) throws IOException {
    UnixHttp.Answer answer = http.ask("GET", VERSION, null, "application/json", answerMillisMax);
    String body = http.body();
    if (answer.status() != 200) {
      throw new IOException("the agent answered with status " + answer.status());
    }
    return Json.parse("the agent's version", body, AgentInfo.class);
  }

  /** Whether an agent answers. */
  public static boolean isRunning(HostPaths paths) {
    try {
      var _ = ask(paths, ANSWER_MILLIS_MAX);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether a process is an agent, or will be one when it is up. */
  public static boolean isAgent(ProcessHandle process) {
    try {
      String words = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
      return words.contains("io.tardigrade.agent.")
          || words.contains("io.tardigrade.cli.Main\0agent\0");
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns when an agent serves, the one that comes up has ended, or it does not come up. */
  public static void awaitServing(HostPaths paths, BooleanSupplier comesUp) {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    while (!Files.exists(socket(paths))
        && comesUp.getAsBoolean()
        && System.nanoTime() - deadline < 0) {
      sleep(PAUSE_MILLIS_MAX);
    }
  }

  /**
   * Returns when the agent that runs now has ended, or is found to hang; at once where there is
   * none.
   */
  public static void awaitLoss(HostPaths paths) {
    try {
      long pid = ask(paths, ANSWER_MILLIS_MAX).pid();
      while (!endsWithin(pid, LOOK_MILLIS)) {
        if (ask(paths, ANSWER_MILLIS_MAX).pid() != pid) {
          return;
        }
      }
    } catch (IOException e) {
      // Gone, or silent.
    }
  }

  /** Waits for a process's end; false where it still runs. */
  private static boolean endsWithin(long pid, long millis) throws IOException {
    int pidfd = Linux.pidfdOpen(pid);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 8);
      pollfd.set(ValueLayout.JAVA_INT, 0, pidfd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      return Linux.poll(pollfd, 1, (int) millis) > 0;
    } finally {
      Linux.close(pidfd);
    }
  }

  /** The process that holds, or held last, the agent's lock. */
  private static OptionalLong pid(HostPaths paths) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(pidFile(paths)).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Where the agent listens. */
  public static Path socket(HostPaths paths) {
    return paths.run().resolve("agent.sock");
  }

  /** Locked by the agent that runs, and holds its process id. */
  public static Path pidFile(HostPaths paths) {
    return paths.run().resolve("agent.pid");
  }

  /** What agents have to say, unless a service manager listens. */
  public static Path log(HostPaths paths) {
    return paths.state().resolve("agent.log");
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
