package io.tardigrade.guardian;

import io.tardigrade.checkpoint.Staging;
import io.tardigrade.cluster.MemberThread;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.StoreFullException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Commits checkpoints of a guest that this host leads:
 *
 * <pre>
 *   main thread            committer          member's thread
 *   take ── submit ──▶ waiting ── asks ──▶ capture, seal, ship ──▶ sent ── held by all ──▶ released
 * </pre>
 *
 * <p>The main thread never waits for the member's longer than until {@link #end}, which comes from
 * there and waits for the main thread. The lock guards what is on its way; nobody waits inside it.
 */
final class ReplicaCommitter implements Commits {
  /** Epochs on their way; the image has a slot for each, and one for what is committed. */
  private static final int SENT_MAX = 3;

  /**
   * So long a lost hypervisor waits for what was sent; what is not committed by then may be yet.
   */
  private static final long SETTLE_NANOS_MAX = 500_000_000;

  private static final long LOOK_MILLIS = 20;

  private final ReplicaStore store;
  private final MemberThread member;
  private final Output output;
  private final InboundPump inbound;
  private final Statistics statistics;
  private final Runnable wake;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Deque<Sent> sent = new ArrayDeque<>();
  private final Thread thread;
  private MemorySegment device = MemorySegment.NULL;
  private CommitMarks marks = CommitMarks.NONE;
  private boolean allowed = true;
  private boolean asksLeave;
  private boolean tellsFrozen;
  private volatile boolean over;
  private volatile boolean closed;
  private @Nullable IOException failure;

  private record Waiting(Committer.Captured captured, MemorySegment device, CommitMarks marks) {}

  private record Sent(EpochId id, Committer.Captured captured) {}

  /**
   * @param wake wakes the main thread
   */
  ReplicaCommitter(ReplicaStore store, MemberThread member, Resources resources, Runnable wake) {
    this.store = store;
    this.member = member;
    this.output = resources.output();
    this.inbound = resources.inbound();
    this.statistics = resources.statistics();
    this.wake = wake;
    this.thread = Thread.ofPlatform().name("committer").daemon().start(this::run);
  }

  // --- main thread ------------------------------------------------------------------------------

  @Override
  public void state(Staging staging, MemorySegment state, CommitMarks with) {
    device = MemorySegment.ofArray(state.toArray(ValueLayout.JAVA_BYTE));
    marks = with;
  }

  @Override
  public synchronized void submit(Committer.Captured captured) {
    waiting.add(new Waiting(captured, device, marks));
    if (failure != null) {
      abandonWaiting();
    }
    notifyAll();
  }

  /** The last checkpoint of a switchover was submitted: its member is told once it is captured. */
  synchronized void tellFrozen() {
    tellsFrozen = true;
    notifyAll();
  }

  @Override
  public @Nullable IOException drain(Runnable whileWaiting) {
    return drain(whileWaiting, Long.MAX_VALUE);
  }

  private synchronized @Nullable IOException drain(Runnable whileWaiting, long nanosMax) {
    long begin = System.nanoTime();
    try {
      while (failure == null
          && !(waiting.isEmpty() && sent.isEmpty())
          && System.nanoTime() - begin < nanosMax) {
        wait(LOOK_MILLIS);
        whileWaiting.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    IOException e = failure;
    if (!over) {
      failure = null;
    }
    return e;
  }

  @Override
  public synchronized boolean isIdle() {
    return waiting.isEmpty() && sent.isEmpty() && failure == null;
  }

  @Override
  public synchronized @Nullable IOException failure() {
    return failure;
  }

  @Override
  public synchronized boolean mayCapture() {
    if (!waiting.isEmpty() || sent.size() >= SENT_MAX) {
      return false;
    }
    if (!allowed && !asksLeave) {
      asksLeave = true;
      notifyAll();
    }
    return allowed;
  }

  /** Whether there is room for the last checkpoint of a switchover, for which nobody is asked. */
  synchronized boolean mayCaptureLast() {
    return waiting.isEmpty() && sent.size() < SENT_MAX;
  }

  @Override
  public boolean isReplicated() {
    return true;
  }

  @Override
  public boolean isOver() {
    return over;
  }

  @Override
  public void rollBack() throws IOException {
    IOException late = drain(() -> {}, SETTLE_NANOS_MAX);
    if (late != null) {
      Log.warn("what was submitted is not committed: " + late.getMessage());
    }
    boolean _ = ask(this::backToNewest);
    output.dropUncommitted();
  }

  /** An epoch without device state is what all hosts of the view are to boot from. */
  @Override
  public void beginAnew(long epoch, Runnable whileWaiting) throws IOException {
    Staging nothing = store.image().beginStaging(epoch);
    if (nothing == null) {
      throw new IOException("epochs of the guest wait to be committed; it boots after them");
    }
    CommitMarks of = new CommitMarks(store.volumes().newestWritten(), System.currentTimeMillis());
    state(nothing, MemorySegment.NULL, of);
    submit(new Committer.Captured(epoch, nothing, 0, 0));
    IOException failed = drain(whileWaiting);
    if (failed != null) {
      throw failed;
    }
    rollBack();
  }

  private boolean backToNewest(Member of) {
    synchronized (this) {
      abandonWaiting();
      sent.clear();
      allowed = true;
    }
    if (over) {
      return false;
    }
    try {
      store.bringToNewest();
      store.endRun();
      return true;
    } catch (StoreFullException e) {
      throw new IllegalStateException("no room for epochs that others may hold", e);
    }
  }

  /** Does something with the member, and waits for it, but not once the guest is taken away. */
  <T> T ask(Function<Member, T> what) throws IOException {
    Future<T> answer = member.callLater(what);
    while (true) {
      try {
        return answer.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (over || closed) {
          throw new IOException("the guest is taken from this host", e);
        }
      } catch (ExecutionException | CancellationException e) {
        throw new IOException("the guest's member has ended: " + e, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  // --- the thread between the two ---------------------------------------------------------------

  private void run() {
    try {
      Function<Member, Boolean> next = next();
      while (next != null) {
        boolean _ = member.call(next).get();
        next = next();
      }
    } catch (InterruptedException | ExecutionException | RuntimeException e) {
      if (!closed && !over) {
        fail(new IOException("the guest's member has ended: " + e, e));
      }
    }
  }

  private synchronized @Nullable Function<Member, Boolean> next() throws InterruptedException {
    while (!closed && !over) {
      if (!waiting.isEmpty()) {
        return this::capture;
      }
      if (tellsFrozen) {
        tellsFrozen = false;
        return at -> {
          at.onFrozen(System.nanoTime());
          return true;
        };
      }
      if (asksLeave) {
        return this::askLeave;
      }
      wait();
    }
    return null;
  }

  // --- member's thread --------------------------------------------------------------------------

  private boolean capture(Member at) {
    Waiting next;
    synchronized (this) {
      next = waiting.peek();
    }
    if (next == null || !at.leads()) {
      return false;
    }
    EpochId id = at.nextEpoch();
    try {
      store.capture(
          id,
          next.captured().staging(),
          next.device(),
          next.marks().encode().toArray(ValueLayout.JAVA_BYTE));
    } catch (StoreFullException e) {
      fail(new IOException(e.getMessage(), e));
      return false;
    }
    synchronized (this) {
      waiting.remove();
      sent.add(new Sent(id, next.captured()));
    }
    at.onCaptured(id, System.nanoTime());
    return askLeave(at);
  }

  private boolean askLeave(Member at) {
    boolean may = at.mayCapture();
    synchronized (this) {
      allowed = may;
      asksLeave = false;
      notifyAll();
    }
    if (may) {
      wake.run();
    }
    return may;
  }

  /** What was said up to this epoch is let out. */
  void released(EpochId upTo) {
    Sent next;
    while ((next = nextReleased(upTo)) != null) {
      try {
        Output.Released released = output.release(next.captured().epoch());
        statistics.committed(next.captured(), released);
      } catch (IOException e) {
        Log.warn("output of epoch " + next.id() + " is lost: " + e.getMessage());
      }
      inbound.committed(next.captured().epoch());
      settled(next);
      wake.run();
    }
  }

  private synchronized @Nullable Sent nextReleased(EpochId upTo) {
    Sent first = sent.peek();
    if (over || first == null || first.id().epoch() > upTo.epoch()) {
      return null;
    }
    return first;
  }

  /** Behind its output: who drains may drop what has not been let out when that returns. */
  private synchronized void settled(Sent released) {
    boolean _ = sent.remove(released);
    notifyAll();
  }

  /** The guest is taken from this host: nothing is let out any more, nothing captured. */
  synchronized void end() {
    over = true;
    failure = new IOException("the guest is taken from this host");
    abandonWaiting();
    sent.clear();
    notifyAll();
    wake.run();
  }

  private synchronized void fail(IOException e) {
    failure = e;
    abandonWaiting();
    notifyAll();
    wake.run();
  }

  private void abandonWaiting() {
    for (Waiting each : waiting) {
      try {
        each.captured().staging().abandon();
      } catch (IOException e) {
        Log.warn("abandoning epoch " + each.captured().epoch() + ": " + e.getMessage());
      }
    }
    waiting.clear();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
