package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Finds the host's agent, starting one where none runs. Any thread, any process. */
public final class AgentLauncher {
  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  /** Taken once, at the start: the files may be replaced under a running agent. */
  private static final String PROGRAM = describeProgram();

  private AgentLauncher() {}

  /**
   * Makes sure that an agent of this very program runs, ending one of another version, and that it
   * has looked at the guests since this call began: every guest that is to run then has a guardian
   * being started.
   *
   * @throws IOException where no agent comes up, naming its log
   */
  public static void ensureRunning(HostPaths paths) throws IOException {
    ensure(paths, true);
  }

  /** As {@link #ensureRunning}, content with an agent of another version. */
  public static void ensureAny(HostPaths paths) throws IOException {
    ensure(paths, false);
  }

  private static void ensure(HostPaths paths, boolean replace) throws IOException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    Path log = paths.state().resolve("agent.log");
    boolean started = false;
    while (true) {
      boolean other = false;
      try {
        other = replace && !request(paths, "ping").equals(program());
        if (!other) {
          var _ = request(paths, "scan");
          return;
        }
      } catch (IOException e) {
        // None runs, or it is just coming up.
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("no agent of this version came up within 60 s; see " + log);
      }
      if (!started) {
        Files.createDirectories(paths.run());
        List<String> options =
            other ? List.of("--until-idle", "--replace") : List.of("--until-idle");
        var _ = JavaProcess.start(paths, Main.class, options, log);
        started = true;
      }
      sleep(20);
    }
  }

  /** What tells one version of the program from another: where its classes are, and since when. */
  static String program() {
    return PROGRAM;
  }

  private static String describeProgram() {
    String path = System.getProperty("java.class.path");
    return Integer.toHexString(path.hashCode()) + "-" + Long.toHexString(changed(path));
  }

  private static long changed(String classPath) {
    Path first = Path.of(classPath.split(java.io.File.pathSeparator, 2)[0]);
    try {
      return Files.getLastModifiedTime(first).toMillis();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Whether an agent answers. */
  public static boolean isRunning(HostPaths paths) {
    try {
      var _ = request(paths, "ping");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns when the agent that runs now is gone; at once where there is none. */
  public static void awaitLoss(HostPaths paths) {
    try (SocketChannel channel = open(paths)) {
      send(channel, "watch");
      ByteBuffer ignored = ByteBuffer.allocate(64);
      while (channel.read(ignored.clear()) >= 0) {
        // Nothing more is said until the end.
      }
    } catch (IOException e) {
      // Gone.
    }
  }

  /** Asks the agent that runs to end; its guardians and their guests stay. */
  static void askToEnd(HostPaths paths) {
    try {
      var _ = request(paths, "end");
    } catch (IOException e) {
      // It is gone already.
    }
  }

  private static String request(HostPaths paths, String what) throws IOException {
    try (SocketChannel channel = open(paths)) {
      send(channel, what);
      ByteBuffer answer = ByteBuffer.allocate(64);
      if (channel.read(answer) <= 0) {
        throw new IOException("agent closed the connection without an answer");
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII).strip();
    }
  }

  private static SocketChannel open(HostPaths paths) throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket(paths)));
  }

  private static void send(SocketChannel channel, String what) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((what + "\n").getBytes(StandardCharsets.US_ASCII));
    while (line.hasRemaining()) {
      channel.write(line);
    }
  }

  static Path socket(HostPaths paths) {
    return paths.run().resolve("agent.sock");
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
