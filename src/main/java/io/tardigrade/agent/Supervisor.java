package io.tardigrade.agent;

import io.tardigrade.core.HangDetector;
import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guardian.Predecessor;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.ServiceManager;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import java.io.Closeable;
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
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a guardian for every guest that is to run. A guardian is found by the lock it holds, so
 * that one started by an earlier agent is taken over rather than doubled. All state is in files: an
 * agent that dies loses nothing.
 */
final class Supervisor implements Closeable {
  private static final long SCAN_MILLIS = 1000;
  private static final long IDLE_MILLIS_MAX = 3000;

  /** Who connected before the door was shut is seen by then. */
  private static final long LAST_LOOK_MILLIS = 200;

  /** A guardian that ends sooner than this after its start is started again with a delay. */
  private static final long HASTE_MILLIS = 500;

  private static final long DELAY_MILLIS = 500;

  /** Guests left by another boot are given so long before the agent serves all the same. */
  private static final long RESUME_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

  private static final long RESUME_POLL_MILLIS = 500;

  /** Between questions whether a guardian is well. */
  private static final int PULSE_MILLIS = 1000;

  private final HostPaths paths;
  private final Map<String, Watch> watched = new HashMap<>();
  private final SpareGuardian spareGuardian;
  private boolean scanAsked;
  private boolean scanning;
  private boolean ending;
  private long scans;
  private long idleSinceMillis = System.currentTimeMillis();
  private final ServiceManager manager;

  /** A guardian being watched. */
  private static final class Watch {
    final long startedMillis = System.currentTimeMillis();
    final @Nullable Process child;

    Watch(@Nullable Process child) {
      this.child = child;
    }
  }

  /** Where those who ask come in. */
  interface Entrance {
    /** Whether anybody is in who may ask for more. */
    boolean isBusy();

    /** Lets nobody else in. */
    void hide() throws IOException;

    /** Takes {@link #hide} back. */
    void show() throws IOException;
  }

  Supervisor(HostPaths paths, ServiceManager manager) {
    this.paths = paths;
    this.manager = manager;
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

  /** Somebody asks something, and may ask for more: not the time to end. */
  synchronized void noteRequest() {
    idleSinceMillis = System.currentTimeMillis();
  }

  /**
   * Supervises; ends when asked to, or when nothing is to run and {@code untilIdle} is set.
   *
   * @return why it ended
   */
  String run(boolean untilIdle, Entrance entrance) {
    // Coming up may have taken long; whoever waited for it has just been let in.
    noteRequest();
    boolean hidden = false;
    while (true) {
      synchronized (this) {
        scanAsked = false;
        scanning = true;
      }
      boolean guests = scan();
      boolean busy = guests || entrance.isBusy();
      tellAlive();
      synchronized (this) {
        scanning = false;
        scans++;
        notifyAll();
        long now = System.currentTimeMillis();
        if (ending) {
          return "asked to";
        }
        if (busy) {
          idleSinceMillis = now;
        }
        boolean idle = untilIdle && now - idleSinceMillis > IDLE_MILLIS_MAX;
        if (idle && hidden) {
          return "no guest is to run";
        }
        // Somebody may come in at this very moment: the door is shut before the last look.
        hidden = setHidden(entrance, hidden, idle);
        if (!scanAsked) {
          try {
            wait(hidden ? LAST_LOOK_MILLIS : SCAN_MILLIS);
          } catch (InterruptedException e) {
            return "interrupted";
          }
        }
      }
    }
  }

  /**
   * Starts guardians for the guests that an operating system before this one left, and returns when
   * those run, or after a while.
   */
  void resumeLeft() {
    long deadline = System.nanoTime() + RESUME_NANOS_MAX;
    while (anyLeft() && System.nanoTime() - deadline < 0) {
      boolean _ = scan();
      synchronized (this) {
        if (ending) {
          return;
        }
        if (!scanAsked) {
          try {
            wait(RESUME_POLL_MILLIS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
          }
        }
        scanAsked = false;
      }
    }
  }

  /** Whether a guest is to run that lived on another boot, and does not yet run on this one. */
  private boolean anyLeft() {
    try {
      String boot = BootId.current();
      for (String name : GuestFiles.names(paths)) {
        Optional<Life> life = Life.read(paths.guest(name));
        if (life.isPresent()
            && !life.get().bootId().equals(boot)
            && GuestFiles.of(paths, name).desiredRunning()) {
          return true;
        }
      }
    } catch (IOException e) {
      log("guests left by another boot: " + e.getMessage());
    }
    return false;
  }

  private boolean setHidden(Entrance entrance, boolean hidden, boolean wanted) {
    try {
      if (wanted && !hidden) {
        entrance.hide();
      } else if (hidden && !wanted) {
        entrance.show();
      }
      return wanted;
    } catch (IOException e) {
      log("socket: " + e.getMessage());
      return hidden;
    }
  }

  private void tellAlive() {
    try {
      manager.alive();
    } catch (IOException e) {
      log(String.valueOf(e.getMessage()));
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
      if (busy && !anyLeft()) {
        spareGuardian.prepare();
      } else if (!busy) {
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
      boolean hung = awaitEnd(name, pid);
      String ending = (hung ? Predecessor.HUNG + ", " : "") + ending(watch);
      log("guest " + name + ": guardian " + pid + " ended with " + ending);
      Files.writeString(
          paths.guestRun(name).resolve("guardian.ending"),
          Instant.now().toEpochMilli() + " " + ending + "\n");
    } catch (IOException e) {
      log("guest " + name + ": guardian " + pid + ": " + e.getMessage());
    }
    long lived = System.currentTimeMillis() - watch.startedMillis;
    if (lived < HASTE_MILLIS) {
      sleep(DELAY_MILLIS);
    }
    synchronized (this) {
      watched.remove(name, watch);
      scanAsked = true;
      notifyAll();
    }
  }

  /** Waits for a guardian's end, and brings it about where it hangs; true in that case. */
  private boolean awaitEnd(String name, long pid) throws IOException {
    long hangTimeout =
        TimeUnit.MILLISECONDS.toNanos(GuestFiles.of(paths, name).spec().hangTimeoutMillis());
    HangDetector detector = new HangDetector(hangTimeout, System.nanoTime());
    boolean hung = false;
    int pidfd = Linux.pidfdOpen(pid);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 8);
      pollfd.set(ValueLayout.JAVA_INT, 0, pidfd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      while (Linux.poll(pollfd, 1, PULSE_MILLIS) == 0) {
        if (!hung && hangs(name, detector)) {
          log("guest " + name + ": guardian " + pid + " hangs, ending it");
          hung = true;
          Linux.kill(pid, Linux.SIGKILL);
        }
      }
    } finally {
      Linux.close(pidfd);
    }
    return hung;
  }

  private boolean hangs(String name, HangDetector detector) {
    try {
      long turnNanosAgo = GuardianClient.connect(paths, name).turnNanosAgo();
      detector.answered(System.nanoTime(), turnNanosAgo);
    } catch (IOException e) {
      detector.unanswered();
    }
    return detector.hangs(System.nanoTime());
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

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends what has no guest yet. */
  @Override
  public void close() throws IOException {
    spareGuardian.close();
  }

  private static void log(String text) {
    System.err.println(Instant.now() + " " + text);
  }
}
