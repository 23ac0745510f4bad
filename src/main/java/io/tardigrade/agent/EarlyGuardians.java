package io.tardigrade.agent;

import io.tardigrade.checkpoint.EpochHint;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.process.AgentStart;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the guardians of guests that an operating system before this one left, before the agent
 * loads anything that only itself needs: guests stand still for it. Whoever is the agent's main
 * program calls it first of all; nobody else starts them. A guardian that ends meanwhile is not
 * waited for: what becomes of its guest is the recovery ladder's to decide. Main thread.
 */
public final class EarlyGuardians {
  private static final long POLL_MILLIS = 100;

  private static @Nullable EarlyGuardians ofThisProcess;

  private final HostPaths paths;
  private final String boot;
  private final Starter starter;
  private final Patience patience;
  private final Map<String, Process> started = new TreeMap<>();
  private @Nullable Instant ranAt;

  /** Starts the guardian of a guest. */
  interface Starter {
    Process start(String name) throws IOException;
  }

  /**
   * How long is waited.
   *
   * @param runsNanosMax until guests run; then the agent goes on all the same
   * @param commitsNanosMax and so long until their images are checked and they answer
   */
  record Patience(long runsNanosMax, long commitsNanosMax) {
    static final Patience USUAL =
        new Patience(TimeUnit.SECONDS.toNanos(60), TimeUnit.SECONDS.toNanos(20));
  }

  EarlyGuardians(HostPaths paths, String boot, Starter starter, Patience patience) {
    this.paths = paths;
    this.boot = boot;
    this.starter = starter;
    this.patience = patience;
  }

  /**
   * Starts them and waits until their guests answer, or they end, or it takes too long; once, and
   * only where no other agent runs or comes up, which does it.
   */
  public static void start(HostPaths paths) {
    if (ofThisProcess != null) {
      return;
    }
    try {
      boolean first = AgentStart.announce(paths);
      EarlyGuardians early = ofThisProcess(paths);
      ofThisProcess = early;
      if (first) {
        early.startAndWait();
      }
    } catch (IOException e) {
      // The agent looks at its guests again in a moment, and says what is wrong with them then.
      System.err.println(Instant.now() + " guests left by another boot: " + e.getMessage());
    }
  }

  /** Those that this process has started, which need be none. */
  static EarlyGuardians ofThisProcess(HostPaths paths) throws IOException {
    EarlyGuardians early = ofThisProcess;
    return early == null
        ? new EarlyGuardians(
            paths, BootId.current(), name -> SpareGuardian.start(paths, name), Patience.USUAL)
        : early;
  }

  void startAndWait() throws IOException {
    try {
      for (String name : GuestFiles.names(paths)) {
        if (isLeft(name)) {
          started.put(name, starter.start(name));
        }
      }
      await(List.copyOf(started.keySet()), patience.runsNanosMax(), name -> !isLeft(name));
      ranAt = started.isEmpty() ? null : Instant.now();
      List<String> here = List.copyOf(started.keySet());
      startReplicas();
      // A guest that runs commits nothing before its image is checked.
      Map<String, Long> found = new TreeMap<>();
      for (String name : here) {
        found.put(name, EpochHint.newest(paths.image(name)));
      }
      await(
          here,
          patience.commitsNanosMax(),
          name -> EpochHint.newest(paths.image(name)) > found.getOrDefault(name, EpochHint.NONE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Reached {
    boolean test(String name) throws IOException;
  }

  /** Waits until all have reached it that live. */
  private void await(List<String> names, long nanosMax, Reached reached)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + nanosMax;
    for (String name : names) {
      Process guardian = started.get(name);
      while (guardian != null
          && guardian.isAlive()
          && !reached.test(name)
          && System.nanoTime() - deadline < 0) {
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  /**
   * Who runs a replicated guest is for its view to say, and the service that keeps it may have to
   * be started by this very agent: their guardians ask, and nobody waits for the answer.
   */
  private void startReplicas() throws IOException {
    for (String name : GuestFiles.names(paths)) {
      if (ReplicaSpec.isAny(paths, name) && isLeftHere(name)) {
        started.put(name, starter.start(name));
      }
    }
  }

  /** As {@link #isLeftHere}, of a guest that no other host can run. */
  private boolean isLeft(String name) throws IOException {
    return isLeftHere(name) && !ReplicaSpec.isAny(paths, name);
  }

  /** Whether a guest is to run that lived on another boot, and does not yet run on this one. */
  private boolean isLeftHere(String name) throws IOException {
    return GuestFiles.of(paths, name).desiredRunning()
        && Life.isOfAnotherBoot(paths.guest(name), boot);
  }

  /** Whether any guest does still stand still. */
  boolean anyLeft() throws IOException {
    for (String name : GuestFiles.names(paths)) {
      if (isLeft(name)) {
        return true;
      }
    }
    return false;
  }

  /** When all that were started ran, or were waited for in vain; null where none was. */
  @Nullable Instant ranAt() {
    return ranAt;
  }

  /**
   * The guardian that was started for a guest, for the supervisor to watch; given once. One that
   * has ended since is not given: its number may be another process's by now.
   */
  @Nullable Process take(String name) {
    Process process = started.remove(name);
    return process != null && process.isAlive() ? process : null;
  }
}
