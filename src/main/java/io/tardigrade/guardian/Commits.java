package io.tardigrade.guardian;

import io.tardigrade.checkpoint.NoSpaceException;
import io.tardigrade.checkpoint.Staging;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where captured checkpoints go to be committed: to this host's memory alone ({@link Committer}),
 * or to all hosts of the guest's view ({@link ReplicaCommitter}). Called by the main thread.
 */
interface Commits extends Closeable {
  /**
   * Takes what a checkpoint holds beside its pages, while the guest stands still.
   *
   * @param device valid until the next one is asked for
   */
  void state(Staging staging, MemorySegment device, CommitMarks marks)
      throws NoSpaceException, IOException;

  /**
   * Commits a checkpoint after those submitted before. After a failure it is abandoned: it holds
   * only what changed since the one that was lost.
   */
  void submit(Committer.Captured captured);

  /**
   * Waits until everything submitted is committed and applied, and returns null; or the error that
   * stopped the committer, after which it works again, with what was staged abandoned.
   */
  default @Nullable IOException drain() {
    return drain(() -> {});
  }

  /**
   * The same.
   *
   * @param waiting called now and then while it waits for other hosts, which may be long
   */
  @Nullable IOException drain(Runnable waiting);

  /** Whether everything submitted is committed and applied. */
  boolean isIdle();

  /** The error that stopped it, or null. */
  @Nullable IOException failure();

  /** Whether another checkpoint may be taken now; where not, whoever waits is woken. */
  boolean mayCapture();

  /** Whether other hosts rely on what is committed here, so that nothing may be let out without. */
  boolean isReplicated();

  /** Whether the guest is taken from this host: whatever fails now is no failure of it. */
  boolean isOver();

  /**
   * The hypervisor is gone, and what was submitted drained: the guest goes back to the newest epoch
   * that any host may hold, and what it said and wrote since was never said.
   */
  void rollBack() throws IOException;

  /**
   * The hypervisor is gone, what was submitted drained, and the guest is to boot: whoever runs it
   * from here on boots it. What it said and wrote until now is committed, and let out.
   *
   * @param epoch closed on disks and output just now
   * @param waiting as of {@link #drain(Runnable)}
   */
  void beginAnew(long epoch, Runnable waiting) throws IOException;

  @Override
  void close();
}
