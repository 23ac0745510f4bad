package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.core.RecoveryPolicy;
import io.tardigrade.core.RecoveryPolicy.Attempts;
import io.tardigrade.core.RecoveryPolicy.Decision;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.EventLog;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The life of one guest under one guardian: boots or resumes it, serves it, and after every loss of
 * its hypervisor puts the next one in its place. {@link #run} is the main thread; it returns when
 * the guest has ended.
 *
 * <p>Order at a loss: no write of the old hypervisor can come any more → everything captured is
 * committed → output and disk writes since are forgotten → the spare goes on from the image.
 */
final class Guardian implements Data, ControlServer.Requests, Closeable {
  private static final long OLD_END_MILLIS_MAX = 5000;

  private final HostPaths paths;
  private final GuestSpec spec;
  private final GuestFiles files;
  private final Resources resources;
  private final Poller poller = new Poller();
  private final AttemptsFile attemptsFile;
  private final RecoveryJournal journal;
  private final EventLog events;
  private volatile GuestStatus.State state = GuestStatus.State.STARTING;
  private final Checkpointer checkpointer;
  private final Commits committer;
  private final Scrubber scrubber;
  private final ScrubInspector inspector;
  private final Protecting protecting;
  private final Object instanceLock = new Object();
  private volatile @Nullable Instance instance;
  private volatile @Nullable GuestLoop loop;
  private volatile long pendingStopMillis = -1;
  private @Nullable Instance lostInstance;
  private @Nullable PredecessorLoss loss;
  private FoundImage found;
  private volatile long turnNanos = System.nanoTime();

  /** Of a guest whose checkpoints are committed to this host's memory alone. */
  Guardian(HostPaths paths, GuestSpec spec, Resources resources) throws IOException {
    this(
        paths,
        spec,
        resources,
        wake ->
            new Committer(
                resources.image(),
                resources.volumes(),
                resources.output(),
                resources.inbound(),
                resources.statistics(),
                wake));
  }

  /**
   * @param commits makes what commits checkpoints, given what wakes the main thread
   */
  Guardian(
      HostPaths paths, GuestSpec spec, Resources resources, Function<Runnable, Commits> commits)
      throws IOException {
    this.paths = paths;
    this.spec = spec;
    this.files = GuestFiles.of(paths, spec.name());
    this.resources = resources;
    this.found = new FoundImage(resources, spec, null);
    this.attemptsFile = new AttemptsFile(files.folder().resolve("attempts"));
    this.journal = new RecoveryJournal(paths, spec.name(), files);
    this.events = new EventLog(paths.events());
    this.committer = commits.apply(this::committed);
    this.scrubber =
        new Scrubber(
            resources.image(),
            spec.protect() ? spec.scrubRate() : 0,
            () -> state == GuestStatus.State.RUNNING);
    this.inspector =
        new ScrubInspector(resources.image(), scrubber, committer::isIdle, this::damaged);
    this.checkpointer =
        new Checkpointer(
            resources.image(),
            resources.volumes(),
            resources.output(),
            resources.inbound(),
            committer,
            inspector::inspect,
            resources.numbers());
    this.protecting =
        new Protecting(
            resources, committer, checkpointer, journal, spec, next -> state = next, this::event);
  }

  private void committed() {
    poller.wake();
  }

  private void damaged(PageDamage damage) {
    journal.memoryDamaged(damage, () -> event("memory-corrupted", damage.headline()));
  }

  /**
   * Runs the guest until it ends; returns null where it was frozen.
   *
   * @param before what happened to the guardian before this one, or null where the guest is started
   *     by its user
   * @param serves called once, when the guest runs and before anything of it is committed
   */
  @Nullable Outcome run(@Nullable PredecessorLoss before, Serving serves) throws IOException {
    loss = before;
    if (before != null) {
      found = new FoundImage(resources, spec, before.host());
      RecoveryJournal.Entry entry = journal.begin(before.cause(), before.diedAt(), before.phases());
      entry.seen(before.description());
      String finding = resources.finding();
      if (finding != null) {
        entry.seen(finding);
      }
      Outcome given = recover(entry);
      if (given != null) {
        return given;
      }
    } else {
      attemptsFile.write(Attempts.NONE);
      boot();
    }
    try {
      serves.begins();
    } catch (KeptException e) {
      return kept(e);
    }
    while (true) {
      try {
        GuestLoop.End end = currentLoop().run();
        if (end == GuestLoop.End.FROZEN) {
          frozen();
          serves.frozen();
          return null;
        }
        Outcome outcome = ended(end, serves);
        if (outcome != null) {
          return outcome;
        }
      } catch (KeptException e) {
        return kept(e);
      } catch (IOException e) {
        Outcome given = lost(e);
        if (given != null) {
          return given;
        }
      }
    }
  }

  private Outcome kept(KeptException why) throws IOException {
    closeInstance();
    output().dropUncommitted();
    return KeptGuest.keep(paths, spec.name(), loss, why);
  }

  // --- the image of a guest whose host was lost -------------------------------------------------

  @Override
  public boolean mayCommit() throws IOException {
    return found.mayCommit();
  }

  @Override
  public void awaitChecked() throws IOException {
    found.await();
  }

  private GuestLoop currentLoop() {
    GuestLoop current = loop;
    if (current == null) {
      throw new IllegalStateException("no hypervisor was started");
    }
    return current;
  }

  // --- starting -------------------------------------------------------------------------------

  private void boot() throws IOException {
    state = GuestStatus.State.STARTING;
    Instance fresh = spares().startFresh(image().ramFile());
    serve(fresh, false);
    resources.inbound().connect(fresh.hypervisor().net());
    fresh.boot(Instance.deadline(spec.hangTimeoutMillis()));
    if (!spec.protect()) {
      output().setOpen(true, checkpointer.closeEpoch());
    }
    state = GuestStatus.State.RUNNING;
    if (spec.protect()) {
      spares().prepare(image().ramFile());
    }
    event("started", "booted, address " + spec.address());
  }

  private void serve(Instance next, boolean committed) {
    instance = next;
    inspector.restart();
    scrubber.attach(next.ram());
    GuestLoop current = loop;
    if (current == null) {
      current = new GuestLoop(spec, this, poller, next, committed);
      loop = current;
      if (pendingStopMillis >= 0) {
        current.requestStop(pendingStopMillis);
      }
    } else {
      current.attach(next, committed);
    }
  }

  // --- the guest ends by itself -----------------------------------------------------------------

  /**
   * Commits what the guest said and wrote last; returns its outcome, or null where it is booted
   * again.
   */
  private @Nullable Outcome ended(GuestLoop.End end, Serving serving) throws IOException {
    awaitChecked();
    closeInstance();
    IOException failed = committer.drain(this::turned);
    if (failed != null) {
      throwIfOver(failed);
      Log.warn("last checkpoint was not committed: " + failed.getMessage());
    }
    if (end == GuestLoop.End.RESET) {
      spares().dropSpare();
      committer.beginAnew(checkpointer.closeEpoch(), this::turned);
      protecting.clear();
      event("reset", "the guest restarted itself");
      attemptsFile.write(Attempts.NONE);
      boot();
      return null;
    }
    long epoch = checkpointer.closeEpoch();
    volumes().prepare(epoch);
    serving.ends();
    // From here on the guest is not started again: that is the commit point.
    files.writeDesired(false);
    volumes().commit(epoch);
    var _ = output().release(epoch);
    boolean forced = end == GuestLoop.End.FORCED_OFF;
    Integer status = resources.console().exitStatus();
    String text =
        forced
            ? "stopped by force: it did not power off in time"
            : status == null ? "powered off" : "program exited with status " + status;
    event("stopped", text);
    return new Outcome(GuestStatus.State.STOPPED, text, status, Instant.now());
  }

  private void frozen() throws IOException {
    output().dropUncommitted();
    long epoch = image().committedEpoch();
    event("frozen", "stands at epoch " + epoch);
    new Freeze(epoch, Instant.now(), null).write(paths, spec.name());
  }

  private void closeInstance() throws IOException {
    resources.inbound().connect(null);
    scrubber.attach(null);
    Instance old = instance;
    synchronized (instanceLock) {
      // Who types must not write to a descriptor that is closed and used again.
      instance = null;
    }
    if (old != null) {
      old.close();
    }
  }

  // --- the hypervisor is lost -------------------------------------------------------------------

  private @Nullable Outcome lost(IOException cause) throws IOException {
    throwIfOver(cause);
    state = GuestStatus.State.RECOVERING;
    Instance old = instance;
    RecoveryJournal.Entry entry =
        journal.begin(
            RecoveryJournal.causeOf(cause),
            RecoveryJournal.lastSeenAlive(cause, spec.hangTimeoutMillis()));
    lostInstance = old;
    if (old != null) {
      entry.seen(old.describeLoss(cause));
      old.hypervisor().kill();
      entry.gatherEvidence(old, cause);
    }
    closeInstance();
    entry.phase("stop old");
    IOException failed = committer.isReplicated() ? null : committer.drain(this::turned);
    if (failed != null) {
      entry.seen("last checkpoint was not committed: " + failed.getMessage());
    }
    if (!protecting.clientsAreAhead() || !protecting.keepLastWrites(entry)) {
      committer.rollBack();
    }
    entry.phase("finish commit, roll back");
    return recover(entry);
  }

  /** What fails because another host runs the guest is no loss. */
  private void throwIfOver(IOException cause) throws IOException {
    if (committer.isOver()) {
      throw cause;
    }
  }

  /** Resumes, boots or gives up; returns the outcome in the last case. */
  private @Nullable Outcome recover(RecoveryJournal.Entry entry) throws IOException {
    state = GuestStatus.State.RECOVERING;
    while (true) {
      turned();
      boolean holds = !image().isCold() && !protecting.clientsAreAhead();
      Attempts attempts = attemptsFile.read().next(image().committedEpoch());
      if (resources.finding() == null) {
        attemptsFile.write(attempts);
      } else {
        attemptsFile.writeDurably(attempts);
      }
      Decision decision = RecoveryPolicy.decide(attempts, holds);
      entry.decided(decision, attempts, image().committedEpoch());
      try {
        if (decision == Decision.GIVE_UP) {
          return giveUp(entry, attempts);
        }
        if (decision == Decision.RESUME) {
          resume(entry);
        } else {
          bootAgain(entry);
        }
        return null;
      } catch (IOException e) {
        throwIfOver(e);
        // A hypervisor that dies while it loads is one more attempt, never the end of the guest.
        entry.seen("the next hypervisor failed: " + e.getMessage());
        closeInstance();
      }
    }
  }

  private void resume(RecoveryJournal.Entry entry) throws IOException {
    Instance next = spares().take(image().ramFile());
    instance = next;
    entry.phase("spare ready");
    MemorySegment deviceState = image().deviceState();
    next.resumeFrom(deviceState, Instance.deadline(spec.hangTimeoutMillis()));
    entry.phase("load state, run");
    serve(next, true);
    long replayed = resources.inbound().replayInto(next.hypervisor().net());
    state = GuestStatus.State.RUNNING;
    entry.phase("replay frames");
    if (!found.begin(poller::wake)) {
      spares().prepare(image().ramFile());
    }
    output().onNextRelease(entry::firstOutput);
    long epoch = image().committedEpoch();
    entry.resumed(replayed);
    found.whenChecked(() -> {
      entry.recovered(epoch);
      event("recovered", entry.headline());
    });
  }

  private void bootAgain(RecoveryJournal.Entry entry) throws IOException {
    spares().dropSpare();
    found.cancel();
    awaitSpaceOfTheOld();
    if (committer.isReplicated()) {
      committer.beginAnew(checkpointer.closeEpoch(), this::turned);
    } else {
      image().reset(checkpointer.closeEpoch(), new byte[0]);
    }
    protecting.clear();
    entry.phase("new image");
    boot();
    entry.phase("boot");
    entry.booted();
    event("restarted", entry.headline());
  }

  /** A dying hypervisor keeps the space of the memory that it had mapped. */
  private void awaitSpaceOfTheOld() {
    Instance old = lostInstance;
    lostInstance = null;
    if (old != null) {
      old.awaitGone(OLD_END_MILLIS_MAX);
    }
  }

  private Outcome giveUp(RecoveryJournal.Entry entry, Attempts attempts) throws IOException {
    String text =
        "given up after "
            + (attempts.count() - 1)
            + " recoveries from epoch "
            + attempts.epoch()
            + "; image and evidence are kept, 'start' tries again";
    files.writeDesired(false);
    entry.givenUp(text);
    event("failed", text);
    return new Outcome(GuestStatus.State.FAILED, text, null, Instant.now());
  }

  // --- Data -------------------------------------------------------------------------------------

  @Override
  public CommittedImage image() {
    return resources.image();
  }

  @Override
  public VolumeSet volumes() {
    return resources.volumes();
  }

  @Override
  public Output output() {
    return resources.output();
  }

  @Override
  public Commits committer() {
    return committer;
  }

  @Override
  public Checkpointer checkpointer() {
    return checkpointer;
  }

  @Override
  public Statistics statistics() {
    return resources.statistics();
  }

  @Override
  public SpareKeeper spares() {
    return resources.spares();
  }

  @Override
  public boolean isUnprotected() {
    return protecting.look();
  }

  @Override
  public void unprotect(String why) throws IOException {
    protecting.lose(why);
  }

  private void event(String type, String message) {
    try {
      events.append(spec.name(), type, message);
    } catch (IOException e) {
      Log.warn("event log: " + e.getMessage());
    }
    Log.info(type + ": " + message);
  }

  // --- requests ---------------------------------------------------------------------------------

  @Override
  public GuestStatus status() {
    Instance current = instance;
    String reason = protecting.reason();
    return StatusReport.of(
        spec,
        shownState(),
        reason != null ? reason : inspector.reason(),
        current == null ? null : current.hypervisor().pid(),
        spares().isReady(),
        resources
            .statistics()
            .report(
                current == null ? spec.engine() : current.tracker().engine(),
                output().waitingFrames())
            .with(scrubber.report()),
        journal.recoveries());
  }

  /** A guest that has committed nothing yet was seen by nobody: it is still starting. */
  private GuestStatus.State shownState() {
    boolean seen = !spec.protect() || !image().isCold();
    return state == GuestStatus.State.RUNNING && !seen ? GuestStatus.State.STARTING : state;
  }

  /** A last checkpoint is to be taken and told, or need not any longer. Any thread. */
  void lastCheckpoint(boolean wanted) {
    GuestLoop current = loop;
    if (current != null) {
      current.wantLast(wanted);
    }
  }

  /** Where the time of the last recovery went, in seconds by phase. */
  Map<String, Double> lastPhases() {
    return journal.lastPhases();
  }

  /** Ends the hypervisor, whatever the main thread does. Any thread. */
  void killInstance() {
    synchronized (instanceLock) {
      Instance current = instance;
      if (current != null) {
        current.hypervisor().kill();
      }
    }
    poller.wake();
  }

  @Override
  public void stop(long timeoutMillis) {
    pendingStopMillis = timeoutMillis;
    GuestLoop current = loop;
    if (current != null) {
      current.requestStop(timeoutMillis);
    }
  }

  @Override
  public void freeze() throws IOException {
    GuestLoop current = loop;
    if (current == null) {
      throw new IOException("the guest is not served yet; try again");
    }
    Freeze.thaw(paths, spec.name());
    current.requestFreeze(why -> Freeze.refuse(paths, spec.name(), why));
  }

  @Override
  public long turnNanosAgo() {
    return System.nanoTime() - turnNanos;
  }

  @Override
  public void turned() {
    turnNanos = System.nanoTime();
  }

  @Override
  public void resetStatistics() {
    resources.statistics().reset();
  }

  @Override
  public void type(ByteBuffer bytes) throws IOException {
    Typing.into(
        bytes,
        text -> {
          synchronized (instanceLock) {
            Instance current = instance;
            return current == null ? -1 : current.hypervisor().console().writeNow(text);
          }
        });
  }

  Path socket() {
    return paths.guestRun(spec.name()).resolve("guardian.sock");
  }

  @Override
  public void close() throws IOException {
    found.cancel();
    closeInstance();
    scrubber.close();
    inspector.close();
    committer.close();
    journal.close();
  }
}
