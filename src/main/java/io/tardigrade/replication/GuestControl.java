package io.tardigrade.replication;

/**
 * The guest on this host: hypervisor and output gate. No call waits. Between {@link #run} and
 * {@link #discard} the guest runs, and whoever runs it hands each checkpoint to {@link
 * Member#onCaptured}.
 */
public interface GuestControl {
  /**
   * A takeover was proposed: a hypervisor may be brought to {@code from}, the newest epoch in the
   * store, and must not execute. The store is left as it is: should another host be faster, this
   * one follows it, maybe from before {@code from}, and is relied upon as a member.
   */
  void prepare(EpochId from);

  /** Runs the guest from {@code from}; its output is held from now on. */
  void run(EpochId from);

  /** Lets out what was said up to this epoch. */
  void release(EpochId upTo);

  /** Takes a last checkpoint, hands it in, and calls {@link Member#onFrozen}. */
  void freeze();

  /** A frozen guest runs on. */
  void thaw();

  /**
   * Ends the hypervisor, running or prepared. What the gate still holds is never released. Does
   * nothing where there is none.
   */
  void discard();
}
