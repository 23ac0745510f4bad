package io.tardigrade.agent;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a guardian for every guest that is to run. A guardian is found by the lock it holds, so
 * that one started by an earlier agent is taken over rather than doubled. All state is in files: an
 * agent that dies loses nothing.
 */
final class Supervisor {
  private static final long SCAN_MILLIS = 1000;
  private static final long IDLE_MILLIS_MAX = 3000;

  /** A guardian that ends sooner than this after its start is started again with a delay. */
  private static final long HASTE_MILLIS = 500;

  private static final long DELAY_MILLIS = 500;

  private final HostPaths paths;
  private final Map<String, Watch> watched = new HashMap<>();
  private final SpareGuardian spareGuardian;
  private boolean scanAsked;
  private boolean scanning;
  private boolean ending;
  private long scans;

  /** A guardian being watched. */
  private static final class Watch {
    final long startedMillis = System.currentTimeMillis();
    final @Nullable Process child;

    Watch(@Nullable Process child) {
      this.child = child;
    }
  }

  Supervisor(HostPaths paths) {
    this.paths = paths;
    this.spareGuardian = new SpareGuardian(paths);
  }

  /** Looks at the guests and returns when done. */
  synchronized void scanNow() {
    long before = scans + (scanning ? 1 : 0);
    scanAsked = true;
    notifyAll();
    try {
      while (scans <= before) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Makes {@link #run} return soon; guardians go on without an agent until the next one comes. */
  synchronized void end() {
    ending = true;
    scanAsked = true;
    notifyAll();
  }

  /** Supervises; ends when asked to, or when nothing is to run and {@code untilIdle} is set. */
  void run(boolean untilIdle) {
    long idleSinceMillis = System.currentTimeMillis();
    while (true) {
      synchronized (this) {
        scanAsked = false;
        scanning = true;
      }
      boolean busy = scan();
      synchronized (this) {
        scanning = false;
        scans++;
        notifyAll();
        long now = System.currentTimeMillis();
        if (ending) {
          return;
        }
        if (busy) {
          idleSinceMillis = now;
        } else if (untilIdle && now - idleSinceMillis > IDLE_MILLIS_MAX) {
          return;
        }
        if (!scanAsked) {
          try {
            wait(SCAN_MILLIS);
          } catch (InterruptedException e) {
            return;
          }
        }
      }
    }
  }

  /** Starts what is missing; true where any guest is to run or still has a guardian. */
  private boolean scan() {
    boolean busy = false;
    List<String> names;
    try {
      names = GuestFiles.names(paths);
    } catch (IOException e) {
      log("guests cannot be listed: " + e.getMessage());
      return true;
    }
    for (String name : names) {
      try {
        boolean wanted = GuestFiles.of(paths, name).desiredRunning();
        boolean served = isWatched(name);
        if (wanted && !served && !Freeze.isFrozen(paths, name)) {
          adoptOrStart(name);
        }
        busy |= wanted || served;
      } catch (IOException e) {
        log("guest " + name + ": " + e.getMessage());
        busy = true;
      }
    }
    keepSpare(busy);
    return busy;
  }

  private void keepSpare(boolean busy) {
    try {
      if (busy) {
        spareGuardian.prepare();
      } else {
        spareGuardian.close();
      }
    } catch (IOException e) {
      log("spare guardian: " + e.getMessage());
    }
  }

  private synchronized boolean isWatched(String name) {
    return watched.containsKey(name);
  }

  private void adoptOrStart(String name) throws IOException {
    Path run = paths.guestRun(name);
    Files.createDirectories(run);
    if (isServed(run)) {
      long pid = Long.parseLong(Files.readString(run.resolve("serving")).strip());
      log("guest " + name + ": taking over guardian " + pid);
      watch(name, pid, new Watch(null));
      return;
    }
    Process process = spareGuardian.assign(name);
    log("guest " + name + ": started guardian " + process.pid());
    watch(name, process.pid(), new Watch(process));
  }

  /** Whether a guardian holds the guest's lock. */
  private static boolean isServed(Path run) throws IOException {
    try (FileChannel file =
            FileChannel.open(
                run.resolve("guardian.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      return lock == null;
    }
  }

  private void watch(String name, long pid, Watch watch) {
    synchronized (this) {
      watched.put(name, watch);
    }
    Thread.ofPlatform().name("watch-" + name).daemon().start(() -> await(name, pid, watch));
  }

  private void await(String name, long pid, Watch watch) {
    try {
      awaitEnd(pid);
      String ending = ending(watch);
      log("guest " + name + ": guardian " + pid + " ended with " + ending);
      Files.writeString(
          paths.guestRun(name).resolve("guardian.ending"),
          Instant.now().toEpochMilli() + " " + ending + "\n");
    } catch (IOException e) {
      log("guest " + name + ": guardian " + pid + ": " + e.getMessage());
    }
    long lived = System.currentTimeMillis() - watch.startedMillis;
    if (lived < HASTE_MILLIS) {
      AgentLauncher.sleep(DELAY_MILLIS);
    }
    synchronized (this) {
      watched.remove(name, watch);
      scanAsked = true;
      notifyAll();
    }
  }

  private static void awaitEnd(long pid) throws IOException {
    int pidfd = Linux.pidfdOpen(pid);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 8);
      pollfd.set(ValueLayout.JAVA_INT, 0, pidfd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      while (Linux.poll(pollfd, 1, -1) == 0) {
        // Interrupted by a signal.
      }
    } finally {
      Linux.close(pidfd);
    }
  }

  private static String ending(Watch watch) {
    Process child = watch.child;
    if (child == null) {
      return "a status that only its own parent was told";
    }
    try {
      int status = child.waitFor();
      return status > 128 ? "signal " + (status - 128) : "exit status " + status;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "an unknown status";
    }
  }

  private static void log(String text) {
    System.err.println(Instant.now() + " " + text);
  }
}
