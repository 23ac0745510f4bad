package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Commits captured checkpoints, one after the other, while the guest runs on. The order of its
 * steps is the output rule: disks durable, record sealed (the commit point), only then output, and
 * last the image and the volumes brought up to it.
 *
 * <p>One thread of its own. An error stops it: what is staged stays uncommitted, and {@link #drain}
 * tells.
 */
final class Committer implements Commits {
  private final CommittedImage image;
  private final VolumeSet volumes;
  private final Output output;
  private final InboundPump inbound;
  private final Statistics statistics;
  private final Runnable onCommit;
  private final Deque<Captured> queue = new ArrayDeque<>();
  private final Thread thread;
  private boolean busy;
  private boolean closed;
  private @Nullable IOException failure;

  /** A checkpoint read from a paused guest, complete. */
  record Captured(long epoch, Staging staging, long pages, long bytes) {}

  Committer(
      CommittedImage image,
      VolumeSet volumes,
      Output output,
      InboundPump inbound,
      Statistics statistics,
      Runnable onCommit) {
    this.image = image;
    this.volumes = volumes;
    this.output = output;
    this.inbound = inbound;
    this.statistics = statistics;
    this.onCommit = onCommit;
    this.thread = Thread.ofPlatform().name("committer").daemon().start(this::run);
  }

  @Override
  public void state(Staging staging, MemorySegment device, CommitMarks marks) throws IOException {
    staging.marks(marks.encode());
    staging.deviceState(device);
  }

  @Override
  public synchronized void submit(Captured captured) {
    queue.add(captured);
    if (failure != null) {
      abandonQueue();
    }
    notifyAll();
  }

  @Override
  public synchronized @Nullable IOException drain(Runnable waiting) {
    try {
      while (busy || !queue.isEmpty()) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    IOException e = failure;
    failure = null;
    return e;
  }

  @Override
  public synchronized boolean isIdle() {
    return !busy && queue.isEmpty() && failure == null;
  }

  @Override
  public synchronized @Nullable IOException failure() {
    return failure;
  }

  @Override
  public boolean mayCapture() {
    return true;
  }

  @Override
  public boolean isReplicated() {
    return false;
  }

  @Override
  public boolean isOver() {
    return false;
  }

  @Override
  public void rollBack() {
    output.dropUncommitted();
    volumes.rollback();
  }

  @Override
  public void beginAnew(long epoch, Runnable waiting) throws IOException {
    volumes.prepare(epoch);
    image.reset(epoch, new byte[0]);
    volumes.commit(epoch);
    var _ = output.release(epoch);
  }

  private void run() {
    while (true) {
      Captured next;
      synchronized (this) {
        while (queue.isEmpty() && !closed) {
          try {
            wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        if (queue.isEmpty()) {
          return;
        }
        next = queue.removeFirst();
        busy = true;
      }
      IOException error = null;
      try {
        commit(next);
      } catch (IOException e) {
        error = e;
      } catch (RuntimeException e) {
        Log.bug("committing epoch " + next.epoch(), e);
        error = new IOException("committing epoch " + next.epoch() + " failed: " + e, e);
      } finally {
        synchronized (this) {
          busy = false;
          if (error != null) {
            failure = error;
            abandonQueue();
          }
          notifyAll();
        }
        onCommit.run();
      }
    }
  }

  void commit(Captured captured) throws IOException {
    try {
      volumes.prepare(captured.epoch());
    } catch (IOException e) {
      captured.staging().abandon();
      throw e;
    }
    image.seal(captured.staging());
    Output.Released released = output.release(captured.epoch());
    statistics.committed(captured, released);
    inbound.committed(captured.epoch());
    image.apply(captured.staging());
    volumes.commit(captured.epoch());
  }

  private void abandonQueue() {
    for (Captured captured : queue) {
      try {
        captured.staging().abandon();
      } catch (IOException e) {
        Log.warn("abandoning epoch " + captured.epoch() + ": " + e.getMessage());
      }
    }
    queue.clear();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
