package io.tardigrade.agent;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.ServiceManager;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.monitor.ServiceSample.State;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recoverymanager.Services;
import io.tardigrade.reset.AbandonedReset;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a guardian for every guest that is to run. A guardian is found by the lock it holds, so
 * that one started by an earlier agent is taken over rather than doubled. The first guardian of a
 * guest is started at once; what becomes of one that has failed is the recovery ladder's to decide.
 * All state is in files: an agent that dies loses nothing.
 */
final class Supervisor implements Closeable, Services {
  private static final long SCAN_MILLIS = 1000;
  private static final long IDLE_MILLIS_MAX = 3000;

  /** Who connected before the door was shut is seen by then. */
  private static final long LAST_LOOK_MILLIS = 200;

  /** What an agent may need; its heap is half of that. */
  static final long AGENT_BYTES_MAX = 512L << 20;

  private final HostPaths paths;
  private final Map<String, GuardianWatch> watched = new TreeMap<>();
  private final SpareGuardian spareGuardian;
  private final EarlyGuardians early;
  private final ServiceManager manager;
  private boolean scanAsked;
  private boolean scanning;
  private boolean ending;
  private String endingWhy = "asked to";
  private long scans;
  private long idleSinceMillis = System.currentTimeMillis();

  /** Where those who ask come in. */
  interface Entrance {
    /** Whether anybody is in who may ask for more. */
    boolean isBusy();

    /** Lets nobody else in. */
    void hide() throws IOException;

    /** Takes {@link #hide} back. */
    void show() throws IOException;
  }

  /**
   * The one of this host.
   *
   * @param early what was started before
   */
  Supervisor(HostPaths paths, ServiceManager manager, EarlyGuardians early) {
    this.paths = paths;
    this.early = early;
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
    wake();
  }

  private synchronized void wake() {
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
   * @param recovery looks at the host and decides what becomes of services that have failed
   * @return why it ended
   */
  String run(boolean untilIdle, Entrance entrance, Runnable recovery) {
    // Coming up may have taken long; whoever waited for it has just been let in.
    noteRequest();
    boolean hidden = false;
    while (true) {
      synchronized (this) {
        scanAsked = false;
        scanning = true;
      }
      boolean guests = scan();
      look(recovery);
      boolean busy = guests || entrance.isBusy();
      tellAlive();
      synchronized (this) {
        scanning = false;
        scans++;
        notifyAll();
        long now = System.currentTimeMillis();
        if (ending) {
          return endingWhy;
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

  /** Whatever goes wrong in there, no guest may be left standing for it. */
  private void look(Runnable recovery) {
    try {
      recovery.run();
    } catch (RuntimeException e) {
      log("looking at the host failed: " + e);
      e.printStackTrace();
      startFailed("start the next guardian, because nobody could decide");
    }
  }

  private void startFailed(String why) {
    for (String guest : failed()) {
      try {
        if (isWanted(guest)) {
          startNext(guest, why);
        }
      } catch (IOException e) {
        log("guest " + guest + ": " + e.getMessage());
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
    forgetDeleted(new HashSet<>(names));
    takeBackAbandonedReset(names);
    for (String name : names) {
      try {
        boolean wanted = GuestFiles.of(paths, name).desiredRunning();
        see(name, wanted);
        busy |= wanted || isServed(name);
      } catch (IOException e) {
        log("guest " + name + ": " + e.getMessage());
        busy = true;
      }
    }
    keepSpare(busy);
    return busy;
  }

  private void takeBackAbandonedReset(List<String> names) {
    try {
      for (String name : AbandonedReset.takeBack(paths, names)) {
        log("guest " + name + ": the reset that froze it was given up; it goes on");
      }
    } catch (IOException e) {
      log("a reset that was given up cannot be taken back: " + e.getMessage());
    }
  }

  private synchronized void forgetDeleted(Set<String> names) {
    watched.entrySet().removeIf(e -> !names.contains(e.getKey()) && e.getValue().ending() != null);
  }

  private void see(String name, boolean wanted) throws IOException {
    @Nullable GuardianWatch watch = watchOf(name);
    boolean frozen = Freeze.isFrozen(paths, name);
    if (watch == null) {
      if (wanted && !frozen) {
        adoptOrStart(name);
      }
      return;
    }
    if (watch.ending() == null) {
      return;
    }
    if (!wanted || frozen) {
      forget(name);
    } else if (isLocked(paths.guestRun(name))) {
      // Another agent was quicker.
      forget(name);
      adoptOrStart(name);
    } else if (watch.endedWithGuest()) {
      // Started again, or another that is called the same.
      forget(name);
      start(name);
    } else if (watch.killedFor() != null) {
      startNext(name, watch.killedFor());
    }
  }

  private synchronized @Nullable GuardianWatch watchOf(String name) {
    return watched.get(name);
  }

  private synchronized void forget(String name) {
    watched.remove(name);
  }

  /** Guests whose guardian has ended, and nobody has started the next. */
  private synchronized List<String> failed() {
    return watched.entrySet().stream()
        .filter(entry -> entry.getValue().ending() != null && !entry.getValue().endedWithGuest())
        .map(Map.Entry::getKey)
        .toList();
  }

  private void keepSpare(boolean busy) {
    try {
      if (busy && !early.anyLeft()) {
        spareGuardian.prepare();
      } else if (!busy) {
        spareGuardian.close();
      }
    } catch (IOException e) {
      log("spare guardian: " + e.getMessage());
    }
  }

  private boolean isServed(String name) {
    @Nullable GuardianWatch watch = watchOf(name);
    return watch != null && watch.ending() == null;
  }

  private void adoptOrStart(String name) throws IOException {
    Path run = paths.guestRun(name);
    Files.createDirectories(run);
    @Nullable Process started = early.take(name);
    if (started != null) {
      log("guest " + name + ": started guardian " + started.pid() + " before all else");
      watch(name, new GuardianWatch(paths, name, started.pid(), started, this::wake));
      return;
    }
    if (isLocked(run)) {
      long pid = Long.parseLong(Files.readString(run.resolve("serving")).strip());
      log("guest " + name + ": taking over guardian " + pid);
      watch(name, new GuardianWatch(paths, name, pid, null, this::wake));
      return;
    }
    start(name);
  }

  private void start(String name) throws IOException {
    Process process = spareGuardian.assign(name);
    log("guest " + name + ": started guardian " + process.pid());
    watch(name, new GuardianWatch(paths, name, process.pid(), process, this::wake));
  }

  /** Starts the guardian after one that has ended. */
  private void startNext(String name, String why) throws IOException {
    @Nullable GuardianWatch watch = watchOf(name);
    if (watch != null) {
      watch.addDecision(why);
    }
    start(name);
  }

  /**
   * Whether a guardian holds the guest's lock. A guest that was made again under the name of one
   * just deleted has no folder yet.
   */
  static boolean isLocked(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      return false;
    }
    try (FileChannel file =
            FileChannel.open(
                run.resolve("guardian.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      return lock == null;
    }
  }

  private void watch(String name, GuardianWatch watch) {
    synchronized (this) {
      watched.put(name, watch);
    }
    watch.start();
  }

  // --- for the recovery manager ---------------------------------------------------------------

  @Override
  public List<ServiceSample> sample(long uptimeMillis) {
    List<ServiceSample> samples = new ArrayList<>();
    samples.add(
        new ServiceSample(
            ServiceId.AGENT,
            State.RUNNING,
            ProcessHandle.current().pid(),
            uptimeMillis,
            0,
            0,
            AGENT_BYTES_MAX,
            ""));
    List<GuardianWatch> all;
    synchronized (this) {
      all = List.copyOf(watched.values());
    }
    for (GuardianWatch watch : all) {
      if (watch.ending() != null && (watch.endedWithGuest() || !isWanted(watch.guest()))) {
        // Its guest has ended, and it with that.
        continue;
      }
      samples.add(watch.sample(uptimeMillis));
      @Nullable ServiceSample hypervisor = watch.hypervisor(uptimeMillis);
      if (hypervisor != null) {
        samples.add(hypervisor);
      }
    }
    return samples;
  }

  private boolean isWanted(String guest) {
    try {
      return GuestFiles.of(paths, guest).desiredRunning() && !Freeze.isFrozen(paths, guest);
    } catch (IOException e) {
      log("guest " + guest + ": " + e.getMessage());
      return false;
    }
  }

  @Override
  public List<String> recovered() {
    List<String> guests = new ArrayList<>();
    for (String name : failed()) {
      @Nullable GuardianWatch watch = watchOf(name);
      if (watch != null && watch.hasGotOn()) {
        guests.add(name);
      }
    }
    return guests;
  }

  @Override
  public void recycle(Target target, String why) throws IOException {
    String guest = target.service().guest();
    log(why);
    if (target.service().equals(ServiceId.AGENT)) {
      synchronized (this) {
        endingWhy = why;
      }
      end();
      return;
    }
    @Nullable GuardianWatch watch = watchOf(guest);
    if (watch == null) {
      throw new IOException(guest + " has no guardian");
    }
    switch (target.service().role()) {
      case HYPERVISOR -> watch.killHypervisor();
      case GUARDIAN -> {
        if (watch.ending() == null) {
          watch.kill(why);
        } else {
          startNext(guest, why);
        }
      }
      case AGENT -> throw new IllegalStateException("the agent is no guest's");
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
