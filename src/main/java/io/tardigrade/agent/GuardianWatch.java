package io.tardigrade.agent;

import io.tardigrade.checkpoint.EpochHint;
import io.tardigrade.core.HangDetector;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guardian.Predecessor;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Linux;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.monitor.ServiceSample.State;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches one guardian from its start, or from when it was found, to its end: asks it once a second
 * whether it is well, and tells what it makes of that. It ends it only when told to. A thread of
 * its own; every method may be called by any.
 */
final class GuardianWatch {
  /** Between questions whether a guardian is well. */
  static final int PULSE_MILLIS = 1000;

  /** Between questions for which process the guest runs in. */
  private static final int STATUS_PULSES = 10;

  /** A guest whose guardian lived so long got on, also where it commits nothing. */
  static final long GOT_ON_MILLIS = 60_000;

  /** A process that is still there so long after it was killed does not end. */
  static final long STUCK_MILLIS = 10_000;

  /** What a guardian may need beside its guest's RAM: frames, logs, its heap and code. */
  static final long GUARDIAN_BYTES_MAX = 512L << 20;

  /** The same of a hypervisor: an emulator keeps a gibibyte of translated code. */
  static final long HYPERVISOR_BYTES_MAX = 1536L << 20;

  private static final String GUEST_ENDED = "exit status 0";
  private static final String GUEST_FROZEN = "exit status 4";

  private final HostPaths paths;
  private final String guest;
  private final long pid;
  private final @Nullable Process child;
  private final Runnable changed;
  private final long startedNanos = System.nanoTime();
  private final long epochAtStart;
  private final Object lock = new Object();
  private volatile long ramBytes;
  private volatile long hypervisorPid;
  private volatile long latencyMillis;
  private volatile boolean hangs;
  private volatile long killedNanos;
  private volatile @Nullable String killedFor;
  private volatile boolean endedWithGuest;
  private volatile @Nullable String ending;

  /**
   * @param child where this agent has started it
   * @param changed is called when it has ended, or is found to hang
   */
  GuardianWatch(
      HostPaths paths, String guest, long pid, @Nullable Process child, Runnable changed) {
    this.paths = paths;
    this.guest = guest;
    this.pid = pid;
    this.child = child;
    this.changed = changed;
    this.epochAtStart = EpochHint.newest(paths.image(guest));
  }

  void start() {
    Thread.ofPlatform().name("watch-" + guest).daemon().start(this::run);
  }

  String guest() {
    return guest;
  }

  /** How it ended; null while it runs. */
  @Nullable String ending() {
    return ending;
  }

  /**
   * Whether it has ended because its guest had, or was frozen: no failure, whoever is called the
   * same now. Known of a guardian that this agent has started.
   */
  boolean endedWithGuest() {
    return endedWithGuest;
  }

  /** What it was killed for; null where it was not, or not by us. */
  @Nullable String killedFor() {
    return killedFor;
  }

  /** Whether its guest has got on under it: its failure is then no sequel of the one before. */
  boolean hasGotOn() {
    return EpochHint.newest(paths.image(guest)) > epochAtStart
        || TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos) > GOT_ON_MILLIS;
  }

  private void run() {
    String end;
    try {
      awaitEnd();
      String how = endingOfChild();
      end = hangs && killedFor != null ? Predecessor.HUNG + ", " + how : how;
      log("guest " + guest + ": guardian " + pid + " ended with " + end);
      writeEnding(end);
    } catch (IOException e) {
      end = "nobody knows what: " + e.getMessage();
      log("guest " + guest + ": guardian " + pid + ": " + e.getMessage());
    }
    boolean ours = child != null && !child.isAlive();
    endedWithGuest =
        ours && (endingOfChild().equals(GUEST_ENDED) || endingOfChild().equals(GUEST_FROZEN));
    ending = end;
    changed.run();
  }

  private void writeEnding(String text) throws IOException {
    Files.writeString(file(), Instant.now().toEpochMilli() + " " + text + "\n");
  }

  private Path file() {
    return paths.guestRun(guest).resolve("guardian.ending");
  }

  /** Tells the next guardian what was decided, for its incident. */
  void addDecision(String why) throws IOException {
    if (Files.exists(file())) {
      Files.writeString(file(), Files.readString(file()).strip() + "\n" + why + "\n");
    }
  }

  private void awaitEnd() throws IOException {
    GuestSpec spec = GuestFiles.of(paths, guest).spec();
    ramBytes = spec.memoryBytes();
    HangDetector detector =
        new HangDetector(
            TimeUnit.MILLISECONDS.toNanos(spec.hangTimeoutMillis()), System.nanoTime());
    int pidfd = Linux.pidfdOpen(pid);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pollfd = arena.allocate(8, 8);
      pollfd.set(ValueLayout.JAVA_INT, 0, pidfd);
      pollfd.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      for (long pulses = 0; Linux.poll(pollfd, 1, PULSE_MILLIS) == 0; pulses++) {
        ask(detector, pulses % STATUS_PULSES == 0);
      }
    } finally {
      Linux.close(pidfd);
    }
  }

  private void ask(HangDetector detector, boolean whole) {
    long begun = System.nanoTime();
    try {
      GuardianClient client = GuardianClient.connect(paths, guest);
      detector.answered(System.nanoTime(), client.turnNanosAgo());
      latencyMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      if (whole) {
        Long found = client.status().hypervisor().pid();
        hypervisorPid = found == null ? 0 : found;
      }
    } catch (IOException e) {
      detector.unanswered();
    }
    boolean now = detector.hangs(System.nanoTime());
    if (now && !hangs) {
      hangs = true;
      changed.run();
    }
    hangs = now || (killedFor != null && hangs);
  }

  private String endingOfChild() {
    Process started = child;
    if (started == null) {
      return "a status that only its own parent was told";
    }
    try {
      int status = started.waitFor();
      return status > 128 ? "signal " + (status - 128) : "exit status " + status;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "an unknown status";
    }
  }

  /** Ends it; {@link #ending} tells when that has come about. */
  void kill(String why) throws IOException {
    synchronized (lock) {
      if (ending == null) {
        killedFor = why;
        killedNanos = System.nanoTime();
        Linux.kill(pid, Linux.SIGKILL);
      }
    }
  }

  /** Ends the hypervisor that the guest runs in now; the guardian replaces it. */
  void killHypervisor() throws IOException {
    GuestStatus status = GuardianClient.connect(paths, guest).status();
    Long running = status.hypervisor().pid();
    if (running == null) {
      throw new IOException(guest + " runs in no hypervisor now");
    }
    Linux.kill(running, Linux.SIGKILL);
  }

  /** How the guardian is. */
  ServiceSample sample(long uptimeMillis) {
    String end = ending;
    State state = State.RUNNING;
    String detail = "";
    if (end != null) {
      state = State.ENDED;
      detail = end;
    } else if (killedFor != null) {
      boolean stays = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedNanos) > STUCK_MILLIS;
      state = stays ? State.STUCK : State.RUNNING;
      detail = "it was killed and does not end";
    } else if (hangs) {
      state = State.HUNG;
      detail = "it does not answer, or its main thread makes no turn";
    }
    return new ServiceSample(
        ServiceId.guardian(guest),
        state,
        end == null ? pid : 0,
        uptimeMillis,
        latencyMillis,
        0,
        GUARDIAN_BYTES_MAX + ramBytes,
        detail);
  }

  /** How the guest's hypervisor is: its guardian watches over it. Null where there is none now. */
  @Nullable ServiceSample hypervisor(long uptimeMillis) {
    long running = hypervisorPid;
    if (running <= 0 || ending != null || !Files.exists(Path.of("/proc/" + running))) {
      return null;
    }
    return new ServiceSample(
        ServiceId.hypervisor(guest),
        State.RUNNING,
        running,
        uptimeMillis,
        0,
        ramBytes,
        HYPERVISOR_BYTES_MAX,
        "");
  }

  private static void log(String text) {
    System.err.println(Instant.now() + " " + text);
  }
}
