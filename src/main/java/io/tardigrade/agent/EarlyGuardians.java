package io.tardigrade.agent;

import io.tardigrade.checkpoint.EpochHint;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the guardians of guests that an operating system before this one left, before the agent
 * loads anything that only itself needs: guests stand still for it. Main thread.
 */
public final class EarlyGuardians {
  /** Guests are given so long before the agent goes on all the same. */
  private static final long RUNS_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  /** And so long until their images are checked and they answer. */
  private static final long COMMITS_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);

  private static final long POLL_MILLIS = 100;

  private static final Map<String, Process> STARTED = new TreeMap<>();

  private static @Nullable Instant ranAt;

  private EarlyGuardians() {}

  /** Starts them and waits until their guests answer, or they end, or it takes too long. */
  public static void start(HostPaths paths) {
    try {
      String boot = BootId.current();
      for (String name : GuestFiles.names(paths)) {
        if (isLeft(paths, name, boot)) {
          STARTED.put(name, SpareGuardian.start(paths, name));
        }
      }
      await(RUNS_NANOS_MAX, name -> !isLeft(paths, name, boot));
      ranAt = STARTED.isEmpty() ? null : Instant.now();
      // A guest that runs commits nothing before its image is checked.
      Map<String, Long> found = new TreeMap<>();
      for (String name : STARTED.keySet()) {
        found.put(name, EpochHint.newest(paths.image(name)));
      }
      await(
          COMMITS_NANOS_MAX,
          name -> EpochHint.newest(paths.image(name)) > found.getOrDefault(name, EpochHint.NONE));
    } catch (IOException e) {
      // The agent looks at its guests again in a moment, and says what is wrong with them then.
      System.err.println(Instant.now() + " guests left by another boot: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private interface Reached {
    boolean test(String name) throws IOException;
  }

  /** Waits until all have reached it that live. */
  private static void await(long nanosMax, Reached reached)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + nanosMax;
    for (Map.Entry<String, Process> entry : STARTED.entrySet()) {
      while (entry.getValue().isAlive()
          && !reached.test(entry.getKey())
          && System.nanoTime() - deadline < 0) {
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  /** Whether a guest is to run that lived on another boot, and does not yet run on this one. */
  static boolean isLeft(HostPaths paths, String name, String boot) throws IOException {
    return GuestFiles.of(paths, name).desiredRunning()
        && Life.isOfAnotherBoot(paths.guest(name), boot);
  }

  /** When all that were started ran, or were waited for in vain; null where none was. */
  static @Nullable Instant ranAt() {
    return ranAt;
  }

  /** What was started, for the supervisor to watch; each is given once. */
  static Map<String, Process> take() {
    Map<String, Process> taken = new TreeMap<>(STARTED);
    STARTED.clear();
    return taken;
  }
}
