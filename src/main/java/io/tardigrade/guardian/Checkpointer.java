package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.NoSpaceException;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.qemu.QmpClient;
import io.tardigrade.qemu.QmpException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes checkpoints: pauses the guest, captures what changed, lets it run, and hands the rest to
 * the {@link Commits}.
 *
 * <pre>
 *   stop ── output and disks marked · scan ──┬── device state being saved ──┬── cont
 *                                            └── pages copied ──────────────┘
 * </pre>
 *
 * <p>The scan takes page tables apart: beside a hypervisor that is at work, each change has to be
 * told to its processor, and both took half as long again.
 *
 * <p>Main thread only.
 */
final class Checkpointer {
  private static final String CONT = "{\"execute\":\"cont\"";

  private final CommittedImage image;
  private final VolumeSet volumes;
  private final Output output;
  private final InboundPump inbound;
  private final Commits committer;
  private final LongSupplier numbers;
  private final Inspection inspection;
  private final PageRanges dirty = new PageRanges();
  private long nextEpoch;
  private boolean carriesOver;

  /**
   * What the main loop does while the guest stands still: takes in everything it still had to say.
   */
  @FunctionalInterface
  interface Drain {
    void drain() throws IOException;
  }

  /** What is looked at while the guest stands still and its dirty pages are known. */
  @FunctionalInterface
  interface Inspection {
    void inspect(GuestRam ram, PageRanges dirty) throws IOException;
  }

  /** Measures of one checkpoint, in nanoseconds of the monotonic clock. */
  record Taken(long startNanos, long endNanos, long frames) {}

  Checkpointer(
      CommittedImage image,
      VolumeSet volumes,
      Output output,
      InboundPump inbound,
      Commits committer,
      Inspection inspection,
      LongSupplier numbers) {
    this.image = image;
    this.volumes = volumes;
    this.output = output;
    this.inbound = inbound;
    this.committer = committer;
    this.inspection = inspection;
    this.numbers = numbers;
    this.nextEpoch = numbers.getAsLong();
  }

  private long endEpoch() {
    long epoch = nextEpoch;
    nextEpoch = numbers.getAsLong();
    return epoch;
  }

  /** Ends the open epoch on disks and output without a checkpoint; returns its number. */
  long closeEpoch() {
    long epoch = endEpoch();
    output.closeEpoch(epoch);
    boolean _ = volumes.closeEpoch(epoch);
    return epoch;
  }

  /** Another hypervisor: what was dirty in the one before is of no interest. */
  void restart() {
    dirty.clear();
    carriesOver = false;
  }

  /** A captured checkpoint was lost on its way: the next one holds all of RAM. */
  void carryOverAll(long ramBytes) {
    dirty.clear();
    long pages = ramBytes / PageRanges.PAGE_BYTES;
    for (long first = 0; first < pages; first += Integer.MAX_VALUE) {
      dirty.add(first, (int) Math.min(Integer.MAX_VALUE, pages - first));
    }
    carriesOver = true;
  }

  /**
   * Takes a checkpoint. Where it fails and the hypervisor lives, the guest runs again, and the
   * pages found dirty are part of the next one.
   *
   * @param answerMillisMax how long the hypervisor may leave a command unanswered; copying many
   *     pages may take longer
   * @return null where both staging slots are in use: try again after the next commit
   * @throws NoSpaceException where there is no room for the pages
   */
  @Nullable Taken take(Instance instance, Drain drain, long answerMillisMax) throws IOException {
    Staging staging = image.beginStaging(nextEpoch);
    if (staging == null) {
      return null;
    }
    long epoch = endEpoch();
    boolean submitted = false;
    QmpClient qmp = instance.hypervisor().qmp();
    long start = System.nanoTime();
    try {
      long stop = qmp.send("{\"execute\":\"stop\"");
      qmp.await(stop, Instance.deadline(answerMillisMax));
      drain.drain();
      long frames = output.openFrames();
      output.closeEpoch(epoch);
      boolean _ = volumes.closeEpoch(epoch);
      inbound.mark(epoch);
      scan(instance);
      // Before the device state: what the hypervisor writes from then on is not in `dirty`.
      inspection.inspect(instance.ram(), dirty);
      long save = instance.requestDeviceState();
      NoSpaceException noSpace = copy(instance, staging);
      // Always awaited: another command must not be sent while the state is being saved.
      qmp.await(save, Instance.deadline(answerMillisMax));
      if (instance.hasEnded()) {
        // Nobody may be resumed into a machine that has powered off; its end is handled next.
        return new Taken(start, System.nanoTime(), 0);
      }
      if (noSpace != null) {
        resume(qmp, answerMillisMax);
        throw noSpace;
      }
      MemorySegment state = instance.deviceState();
      try {
        committer.state(
            staging, state, new CommitMarks(volumes.newestWritten(), System.currentTimeMillis()));
      } catch (NoSpaceException e) {
        resume(qmp, answerMillisMax);
        throw e;
      }
      long pages = dirty.pages();
      dirty.clear();
      carriesOver = false;
      submitted = true;
      long cont = qmp.send(CONT);
      committer.submit(
          new Committer.Captured(
              epoch, staging, pages, pages * PageRanges.PAGE_BYTES + state.byteSize()));
      try {
        qmp.await(cont, Instance.deadline(answerMillisMax));
      } catch (QmpException e) {
        // A machine that has ended cannot go on, which is no failure of the hypervisor.
        if (!instance.hasEnded()) {
          throw e;
        }
      }
      return new Taken(start, System.nanoTime(), frames);
    } finally {
      if (!submitted) {
        carriesOver = dirty.size() > 0;
        staging.abandon();
      }
    }
  }

  private static void resume(QmpClient qmp, long answerMillisMax) throws IOException {
    qmp.execute(CONT, Instance.deadline(answerMillisMax));
  }

  private void scan(Instance instance) throws IOException {
    instance.tracker().collect(dirty);
    if (carriesOver) {
      dirty.normalise();
    }
    // A process that has died looks like one that wrote nothing; its memory can no longer be read.
    instance.ram().checkReadable();
  }

  private @Nullable NoSpaceException copy(Instance instance, Staging staging) throws IOException {
    long pages = dirty.pages();
    try {
      staging.reserve(pages);
    } catch (NoSpaceException e) {
      return e;
    }
    for (int i = 0; i < dirty.size(); i++) {
      staging.add(dirty.firstPage(i), dirty.count(i));
    }
    if (pages > 0) {
      instance.ram().read(dirty, staging.pages(0, Math.toIntExact(pages)));
    }
    return null;
  }
}
