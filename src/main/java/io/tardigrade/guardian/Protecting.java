package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus.State;
import java.io.IOException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a guest's protection while nothing of it can be committed: its output is let out
 * at once, and it says so; or, where other hosts rely on what is committed, its output waits. Main
 * thread, but for what is read by status.
 */
final class Protecting {
  private final Resources resources;
  private final Commits commits;
  private final Checkpointer checkpointer;
  private final RecoveryJournal journal;
  private final GuestSpec spec;
  private final Consumer<State> states;
  private final BiConsumer<String, String> events;
  private volatile boolean lost;
  private volatile long sinceEpoch;
  private volatile @Nullable String reason;

  /**
   * @param states takes the guest's state where it changes
   * @param events takes kinds of events and what they say
   */
  Protecting(
      Resources resources,
      Commits commits,
      Checkpointer checkpointer,
      RecoveryJournal journal,
      GuestSpec spec,
      Consumer<State> states,
      BiConsumer<String, String> events) {
    this.resources = resources;
    this.commits = commits;
    this.checkpointer = checkpointer;
    this.journal = journal;
    this.spec = spec;
    this.states = states;
    this.events = events;
  }

  /** Why nothing can be committed, for people; null where it can. */
  @Nullable String reason() {
    return reason;
  }

  /** Whether it is known to be lost; any thread. */
  boolean isLost() {
    return lost;
  }

  private CommittedImage image() {
    return resources.image();
  }

  /** As {@link Data#isUnprotected}: looks whether it has come back, too. */
  boolean look() {
    if (commits.isReplicated()) {
      if (reason != null && image().committedEpoch() >= sinceEpoch) {
        clear();
        states.accept(State.RUNNING);
      }
      return false;
    }
    if (lost && image().committedEpoch() >= sinceEpoch) {
      try {
        resources.output().setOpen(false, 0);
      } catch (IOException e) {
        Log.warn("closing the gate: " + e.getMessage());
      }
      clear();
      states.accept(State.RUNNING);
      events.accept("protected", "protected again from epoch " + image().committedEpoch());
    }
    return lost;
  }

  /** As {@link Data#unprotect}. */
  void lose(String why) throws IOException {
    if (commits.isReplicated()) {
      // Other hosts rely on it: nothing is let out, and the next checkpoint may be committed.
      reason = "output waits: " + why;
      sinceEpoch = checkpointer.closeEpoch();
      Log.warn("output waits: " + why);
      return;
    }
    reason = "not protected: " + why;
    if (lost) {
      if (image().committedEpoch() < sinceEpoch) {
        // The gate may have been closed for a checkpoint that came to nothing.
        resources.output().setOpen(true, checkpointer.closeEpoch());
      }
      return;
    }
    IOException unfinished = commits.drain();
    if (unfinished != null) {
      Log.warn("commit failed: " + unfinished.getMessage());
      checkpointer.carryOverAll(spec.memoryBytes());
    }
    long epoch = checkpointer.closeEpoch();
    image().setUnprotected(epoch);
    sinceEpoch = epoch;
    lost = true;
    states.accept(State.UNPROTECTED);
    resources.volumes().prepare(epoch);
    resources.volumes().commit(epoch);
    resources.output().setOpen(true, epoch);
    events.accept("unprotected", why);
    journal.protectionLost(why, epoch);
    Log.warn("unprotected since epoch " + epoch + ": " + why);
  }

  /** Whether clients have seen what no checkpoint holds. */
  boolean clientsAreAhead() throws IOException {
    return !spec.protect() || image().unprotectedSince() > 0;
  }

  /**
   * Without protection clients may know of everything that was written: the disks stay as they are.
   */
  boolean keepLastWrites(RecoveryJournal.Entry entry) {
    try {
      long epoch = checkpointer.closeEpoch();
      resources.volumes().prepare(epoch);
      resources.volumes().commit(epoch);
      var _ = resources.output().release(epoch);
      return true;
    } catch (IOException e) {
      entry.seen("the last disk writes were not committed: " + e.getMessage());
      return false;
    }
  }

  void clear() {
    lost = false;
    reason = null;
  }
}
