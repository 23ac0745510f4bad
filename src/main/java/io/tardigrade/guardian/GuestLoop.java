package io.tardigrade.guardian;

import io.tardigrade.checkpoint.NoSpaceException;
import io.tardigrade.core.CheckpointPacer;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.linux.UnixSocket;
import io.tardigrade.network.FrameReader;
import io.tardigrade.qemu.HypervisorLostException;
import io.tardigrade.qemu.QmpClient.HypervisorEvent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves one running hypervisor: takes in what the guest says, paces checkpoints, watches that it
 * lives. Ends when the guest does, or with {@link HypervisorLostException}. Main thread only,
 * except {@link #requestStop}.
 */
final class GuestLoop {
  /** Console text waits at most this long for a checkpoint. */
  private static final long CONSOLE_NANOS_MAX = 20_000_000;

  /** More disk writes than this ask for a checkpoint. */
  private static final long DISK_BYTES_MAX = 32L << 20;

  /** Between attempts to protect the guest again. */
  private static final long RETRY_NANOS = 1_000_000_000;

  /** Between looks whether the image is checked; its end wakes us as well. */
  private static final long UNCHECKED_NANOS = 100_000_000;

  private static final int NET = 2;
  private static final int CONTROL = 4;

  private final GuestSpec spec;
  private final Data data;
  private final Poller poller;
  private final CheckpointPacer pacer;
  private final FrameReader frames = new FrameReader(Arena.ofAuto());
  private final MemorySegment consoleBytes = Arena.ofAuto().allocate(16_384);
  private final GuestClock clock = new GuestClock();
  private Instance instance;
  private @Nullable End end;
  private boolean consoleOpen = true;
  private long consoleSinceNanos;
  private long computedAtCheckpoint;
  private long lastAnswerNanos;
  private long retryAtNanos;
  private volatile long stopAtNanos;
  private volatile boolean stopRequested;
  private boolean powerdownSent;
  private volatile @Nullable Consumer<String> freezeRefused;
  private volatile boolean lastWanted;

  /** How the guest ended. */
  enum End {
    /** It powered off by itself, or on request. */
    POWER_OFF,
    /** It did not power off in the time it was given. */
    FORCED_OFF,
    /** It asked to be restarted. */
    RESET,
    /** Its last checkpoint is committed, as was asked for; it goes on elsewhere, or later. */
    FROZEN
  }

  GuestLoop(GuestSpec spec, Data data, Poller poller, Instance first, boolean committed) {
    this.spec = spec;
    this.data = data;
    this.poller = poller;
    this.instance = first;
    this.pacer =
        new CheckpointPacer(
            TimeUnit.MILLISECONDS.toNanos(spec.checkpointIntervalMillis()),
            TimeUnit.MILLISECONDS.toNanos(spec.hangTimeoutMillis()),
            spec.fixedTimer(),
            System.nanoTime());
    attach(first, committed);
  }

  /** Serves another hypervisor from now on. */
  void attach(Instance next, boolean committed) {
    long now = System.nanoTime();
    if (next != instance) {
      data.checkpointer().restart();
    }
    instance = next;
    end = null;
    frames.reset();
    consoleOpen = true;
    consoleSinceNanos = 0;
    computedAtCheckpoint = 0;
    lastAnswerNanos = now;
    powerdownSent = false;
    pacer.restarted(now, committed);
    poller.watch(
        next.hypervisor().pidfd(),
        next.hypervisor().qmp().fd(),
        next.hypervisor().net().fd(),
        next.hypervisor().console().fd(),
        next.hypervisor().control().fd());
    if (committed) {
      clock.resumed();
    }
  }

  /** Asks the guest to power off, and forces it after the timeout. Any thread. */
  void requestStop(long timeoutMillis) {
    stopAtNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    stopRequested = true;
    poller.wake();
  }

  /**
   * Asks for a last checkpoint, after which the guest is not served any more. Any thread.
   *
   * @param refused told in one line where that cannot be
   */
  void requestFreeze(Consumer<String> refused) {
    freezeRefused = refused;
    poller.wake();
  }

  /**
   * A last checkpoint is to be taken before the guest goes on elsewhere; or not any more. Any
   * thread.
   */
  void wantLast(boolean wanted) {
    lastWanted = wanted;
    poller.wake();
  }

  /** Nothing of it is committed, so nobody has seen it: it boots on the other host. */
  private long bootsElsewhere(ReplicaCommitter committer) {
    lastWanted = false;
    committer.tellFrozen();
    return CheckpointPacer.GAP_NANOS_MAX;
  }

  private long lastCheckpoint(ReplicaCommitter committer) throws IOException {
    if (committer.mayCaptureLast() && checkpoint(false) == 0) {
      lastWanted = false;
      committer.tellFrozen();
    }
    return CheckpointPacer.GAP_NANOS_MAX;
  }

  /** Null where the guest is still to be served. */
  private @Nullable End handleFreezeRequest() throws IOException {
    Consumer<String> refused = freezeRefused;
    if (refused == null) {
      return null;
    }
    freezeRefused = null;
    data.awaitChecked();
    if (!spec.protect() || data.isUnprotected()) {
      refused.accept("it is not protected: nothing of it could be resumed");
      return null;
    }
    IOException failed;
    try {
      failed = data.committer().drain();
      if (failed == null) {
        // What the guest does between this and its end was never seen by anyone.
        Checkpointer.Taken taken =
            data.checkpointer().take(instance, this::takeIn, spec.hangTimeoutMillis());
        failed = data.committer().drain();
        if (failed == null && taken != null && !instance.hasEnded()) {
          return End.FROZEN;
        }
      }
    } catch (NoSpaceException e) {
      failed = e;
    }
    if (failed != null) {
      data.checkpointer().carryOverAll(spec.memoryBytes());
      unprotect(failed);
    }
    refused.accept(failed == null ? "it is just ending" : "its last checkpoint: " + failed);
    return null;
  }

  /**
   * Serves until the guest ends by itself or by request. Its last output and writes are then in the
   * open epoch.
   */
  End run() throws IOException {
    while (true) {
      data.turned();
      if (data.committer().isOver()) {
        throw new IOException("the guest is taken from this host");
      }
      takeIn();
      handleEvents();
      End ended = end;
      if (ended == null) {
        ended = handleStopRequest();
      }
      if (ended == null) {
        ended = handleFreezeRequest();
      }
      if (ended != null) {
        takeIn();
        return ended;
      }
      long wait = spec.protect() ? protectStep() : heartbeatStep(HEARTBEAT_ONLY_NANOS);
      if (wait > 0) {
        clock.tick(instance.hypervisor().control(), System.nanoTime());
        await(wait);
      }
    }
  }

  private static final long HEARTBEAT_ONLY_NANOS = 1_000_000_000;

  private void await(long nanos) throws IOException {
    poller.set(NET, data.output().isFull() ? -1 : instance.hypervisor().net().fd());
    poller.await(nanos);
    if (poller.ready(0)) {
      throw new HypervisorLostException(HypervisorLostException.Kind.DIED, "its process ended");
    }
    if (poller.ready(1)) {
      instance.hypervisor().qmp().pump();
    }
    if (poller.ready(CONTROL) && !clock.readAnswers(instance.hypervisor().control())) {
      poller.set(CONTROL, -1);
    }
  }

  // --- what the guest says --------------------------------------------------------------------

  private void takeIn() throws IOException {
    readFrames(instance.hypervisor().net());
    if (consoleOpen) {
      readConsole(instance.hypervisor().console());
    }
  }

  private void readFrames(UnixSocket net) throws IOException {
    while (true) {
      while (frames.hasFrame()) {
        if (!data.output().frame(frames, System.nanoTime())) {
          return;
        }
        frames.consume();
      }
      long n = net.readNow(frames.space());
      if (n < 0) {
        return;
      }
      if (n == 0) {
        throw new HypervisorLostException(
            HypervisorLostException.Kind.DIED, "it closed its network");
      }
      frames.received(n);
    }
  }

  private void readConsole(UnixSocket console) throws IOException {
    while (true) {
      long n = console.readNow(consoleBytes);
      if (n < 0) {
        return;
      }
      if (n == 0) {
        consoleOpen = false;
        poller.set(3, -1);
        return;
      }
      if (!data.output().consoleWaits()) {
        consoleSinceNanos = System.nanoTime();
      }
      data.output().console(consoleBytes.asSlice(0, n));
    }
  }

  private void handleEvents() {
    HypervisorEvent event;
    while ((event = instance.events().poll()) != null) {
      if (event.name().equals("SHUTDOWN")) {
        String reason = event.data().path("reason").asString("");
        end = reason.equals("guest-reset") ? End.RESET : End.POWER_OFF;
        Log.info("guest ended: " + reason);
      } else if (event.name().equals("GUEST_PANICKED")) {
        Log.warn("the guest's kernel panicked");
      }
    }
  }

  private @Nullable End handleStopRequest() throws IOException {
    if (!stopRequested) {
      return null;
    }
    long deadline = Instance.deadline(spec.hangTimeoutMillis());
    if (!powerdownSent) {
      powerdownSent = true;
      instance.hypervisor().qmp().execute("{\"execute\":\"system_powerdown\"", deadline);
    }
    if (System.nanoTime() < stopAtNanos) {
      return null;
    }
    instance.hypervisor().qmp().execute("{\"execute\":\"stop\"", deadline);
    return End.FORCED_OFF;
  }

  // --- checkpoints ----------------------------------------------------------------------------

  /**
   * Takes a checkpoint if one is due; returns how long to wait for the next look, 0 to go on at
   * once.
   */
  private long protectStep() throws IOException {
    if (!data.mayCommit()) {
      return heartbeatStep(UNCHECKED_NANOS);
    }
    IOException failed = data.committer().failure();
    if (failed != null && data.committer().drain() != null) {
      data.checkpointer().carryOverAll(spec.memoryBytes());
      unprotect(failed);
    }
    if (lastWanted && data.committer() instanceof ReplicaCommitter committer) {
      return data.image().isCold() ? bootsElsewhere(committer) : lastCheckpoint(committer);
    }
    long now = System.nanoTime();
    if (data.isUnprotected() && now < retryAtNanos) {
      commitDisksOnly();
      return heartbeatStep(Math.min(retryAtNanos - now, 100_000_000));
    }
    boolean waits = data.output().openFrames() > 0;
    boolean asleep = waits && instance.vcpuSleep().allAsleep();
    long wait = pacer.nanosUntilCheckpoint(sight(now, asleep));
    if (data.isUnprotected()) {
      wait = 0;
    }
    if (wait > 0) {
      return stopRequested ? Math.min(wait, 50_000_000) : wait;
    }
    return data.committer().mayCapture() ? checkpoint(asleep) : CheckpointPacer.GAP_NANOS_MAX;
  }

  private CheckpointPacer.Sight sight(long now, boolean asleep) throws IOException {
    Output output = data.output();
    boolean consoleDue = output.consoleWaits() && now - consoleSinceNanos > CONSOLE_NANOS_MAX;
    return new CheckpointPacer.Sight(
        now,
        output.openFrames(),
        output.oldestNanos(),
        asleep,
        instance.vcpuSleep().computedNanos() - computedAtCheckpoint,
        consoleDue || output.isFull() || data.volumes().uncommittedBytes() > DISK_BYTES_MAX);
  }

  private long checkpoint(boolean asleep) throws IOException {
    Checkpointer.Taken taken;
    try {
      taken = data.checkpointer().take(instance, this::takeIn, spec.hangTimeoutMillis());
    } catch (NoSpaceException e) {
      unprotect(e);
      return RETRY_NANOS;
    }
    if (taken == null) {
      // Woken by the next commit.
      return CheckpointPacer.GAP_NANOS_MAX;
    }
    if (data.isUnprotected()) {
      // What the guest says from here on is not in this checkpoint: it must wait for the next one.
      data.output().setOpen(false, 0);
    }
    long pause = taken.endNanos() - taken.startNanos();
    pacer.finished(taken.startNanos(), taken.endNanos(), taken.frames(), asleep);
    computedAtCheckpoint = instance.vcpuSleep().computedNanos();
    lastAnswerNanos = taken.endNanos();
    clock.stoodStill(pause);
    data.statistics().paused(pause);
    data.spares().check(data.image().ramFile());
    return 0;
  }

  private void unprotect(IOException why) throws IOException {
    data.unprotect(why.getMessage() == null ? why.toString() : why.getMessage());
    retryAtNanos = System.nanoTime() + RETRY_NANOS;
  }

  /**
   * Without checkpoints the disks still go on from epoch to epoch, so that a restart finds them
   * recent.
   */
  private void commitDisksOnly() throws IOException {
    if (data.volumes().uncommittedBytes() > 0) {
      long epoch = data.checkpointer().closeEpoch();
      data.volumes().prepare(epoch);
      data.volumes().commit(epoch);
    }
  }

  /** Asks for a sign of life when none was seen for a second. */
  private long heartbeatStep(long waitNanos) throws IOException {
    long now = System.nanoTime();
    if (!spec.protect()) {
      commitDisksOnly();
    }
    if (now - lastAnswerNanos >= CheckpointPacer.HEARTBEAT_NANOS) {
      instance
          .hypervisor()
          .qmp()
          .execute("{\"execute\":\"query-status\"", Instance.deadline(spec.hangTimeoutMillis()));
      lastAnswerNanos = System.nanoTime();
    }
    return waitNanos;
  }
}
