package io.tardigrade.agent;

import io.tardigrade.guardian.Main;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.JavaProcess;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A guardian process started ahead, for whichever guest needs one next: starting a Java process
 * takes most of the time that replacing a guardian does, and all the more on a host that is short
 * of processors. It waits for a guest's name on its stdin, and ends when that is closed, as it is
 * when the agent dies. One thread.
 */
final class SpareGuardian implements Closeable {
  static final String OPTION = "--spare";

  /** A guardian keeps guest memory and frames outside the heap, so this is ample. */
  private static final int HEAP_MEBIBYTES_MAX = 64;

  private final HostPaths paths;
  private @Nullable Process spare;

  SpareGuardian(HostPaths paths) {
    this.paths = paths;
  }

  /** Starts a spare where there is none. */
  void prepare() throws IOException {
    Process current = spare;
    if (current == null || !current.isAlive()) {
      spare = start(paths, OPTION);
    }
  }

  /** Gives the guest called {@code name} to the spare, or to a new process where there is none. */
  Process assign(String name) throws IOException {
    Process current = spare;
    spare = null;
    if (current != null && current.isAlive()) {
      try {
        hand(current, name);
        return current;
      } catch (IOException e) {
        // It has just died; a new one does as well.
        current.destroyForcibly();
      }
    }
    // It need not warm up: what it does with the guest does that.
    return start(paths, name);
  }

  /** Starts a guardian for a guest, or for the next that needs one ({@link #OPTION}). */
  static Process start(HostPaths paths, String argument) throws IOException {
    return JavaProcess.start(
        paths,
        Main.class.getName(),
        HEAP_MEBIBYTES_MAX,
        List.of(argument),
        paths.state().resolve("agent.log"));
  }

  private static void hand(Process process, String name) throws IOException {
    // Left open: the guardian reads no more, and the pipe's end must not look like the agent's.
    OutputStream stdin = process.getOutputStream();
    stdin.write((name + "\n").getBytes(StandardCharsets.US_ASCII));
    stdin.flush();
  }

  /** Ends the spare. */
  @Override
  public void close() throws IOException {
    Process current = spare;
    spare = null;
    if (current != null) {
      current.getOutputStream().close();
    }
  }
}
