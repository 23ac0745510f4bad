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
  private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);

  private AgentLauncher() {}

  /**
   * Makes sure that an agent runs and has looked at the guests since this call began: every guest
   * that is to run then has a guardian being started.
   *
   * @throws IOException where no agent comes up, naming its log
   */
  public static void ensureRunning(HostPaths paths) throws IOException {
    long deadline = System.nanoTime() + START_NANOS_MAX;
    Path log = paths.state().resolve("agent.log");
    boolean started = false;
    while (true) {
      try {
        request(paths, "scan");
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw new IOException("no agent came up within 20 s; see " + log, e);
        }
      }
      if (!started) {
        Files.createDirectories(paths.run());
        JavaProcess.start(paths, Main.class, List.of("--until-idle"), log);
        started = true;
      }
      sleep(20);
    }
  }

  /** Whether an agent answers. */
  public static boolean isRunning(HostPaths paths) {
    try {
      request(paths, "ping");
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

  private static void request(HostPaths paths, String what) throws IOException {
    try (SocketChannel channel = open(paths)) {
      send(channel, what);
      ByteBuffer answer = ByteBuffer.allocate(64);
      if (channel.read(answer) <= 0) {
        throw new IOException("agent closed the connection without an answer");
      }
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
