package io.tardigrade.cluster;

import io.tardigrade.linux.ThreadTime;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.Pulse;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a {@link Member}: hands it what comes in from others, in order, and lets it
 * look every {@link Timeouts#BEAT_NANOS}. A look that is due goes before what waits.
 *
 * <p>What waits is bounded: messages hold up the streams that bring them, and of views only the
 * newest is kept.
 */
public final class MemberThread implements AutoCloseable {
  /** Messages and calls that wait. */
  static final int WAITING_MAX = 32;

  private static final long END_MILLIS_MAX = 5_000;

  private final BlockingQueue<Work> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final AtomicReference<@Nullable View> newest = new AtomicReference<>();
  private final Pulse pulse;
  private final Thread thread;
  private final Thread pulses;
  private volatile @Nullable ThreadTime time;
  private volatile boolean closed;

  /** Something for the member to do. */
  private interface Work {
    void with(Member member);

    /** It will not be done. */
    default void drop() {}
  }

  /**
   * Makes it; the member begins with {@link #start}.
   *
   * @param ports are called on its thread
   * @param failed takes what the member's thread ended with, if not with {@link #close}
   */
  public MemberThread(Identity identity, Ports ports, Rules rules, Consumer<Throwable> failed) {
    pulse = new Pulse(ports.links(), this::ranNanos);
    Ports heard =
        new Ports(pulse, ports.coordinator(), ports.store(), ports.guest(), ports.journal());
    thread =
        Thread.ofPlatform()
            .name("member-" + identity.host())
            .daemon()
            .unstarted(() -> run(identity, heard, rules, failed));
    pulses =
        Thread.ofPlatform()
            .name("pulse-" + identity.host())
            .daemon()
            .unstarted(() -> pulse(failed));
  }

  /** Begins; to be called once. */
  public void start() {
    thread.start();
    pulses.start();
  }

  private long ranNanos() {
    ThreadTime of = time;
    return of == null ? 0 : of.ranNanos();
  }

  private void pulse(Consumer<Throwable> failed) {
    try {
      while (!closed) {
        TimeUnit.NANOSECONDS.sleep(Timeouts.BEAT_NANOS);
        pulse.look(System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      failed.accept(e);
    }
  }

  private void run(Identity identity, Ports ports, Rules rules, Consumer<Throwable> failed) {
    try {
      time = ThreadTime.ofThisThread();
      Member member = new Member(identity, ports, rules, System.nanoTime());
      long lookNanos = System.nanoTime();
      while (!closed) {
        long nowNanos = System.nanoTime();
        if (nowNanos - lookNanos >= 0) {
          pulse.begins(nowNanos);
          member.tick(nowNanos);
          pulse.ends();
          lookNanos = nowNanos + Timeouts.BEAT_NANOS;
        }
        Work work = waiting.poll(lookNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (work != null) {
          pulse.begins(System.nanoTime());
          work.with(member);
          pulse.ends();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) {
      failed.accept(e);
    } finally {
      closed = true;
      for (Work work = waiting.poll(); work != null; work = waiting.poll()) {
        work.drop();
      }
    }
  }

  /** A view that the coordinator has stored; any thread, never waits. */
  public void onView(View stored) {
    View before =
        newest.getAndAccumulate(
            stored, (was, now) -> was != null && was.number() > now.number() ? was : now);
    if (before == null && !waiting.offer(this::takeView)) {
      // Full: the member asks again.
      newest.set(null);
    }
  }

  private void takeView(Member member) {
    View stored = newest.getAndSet(null);
    if (stored != null) {
      member.onView(stored, System.nanoTime());
    }
  }

  /**
   * A message, from whom it is proved to be. Waits while the member is behind; but a beat is lost
   * then, for another follows and what comes behind it in its stream should not wait.
   */
  public void onMessage(String from, Message message) throws InterruptedException {
    Work work = member -> member.onMessage(from, message, System.nanoTime());
    if (message instanceof Message.Beat beat) {
      pulse.heard(from, beat);
      var _ = !closed && waiting.offer(work);
    } else {
      put(work);
    }
  }

  /** Does something with the member; cancelled where it ends before. Waits while it is behind. */
  public <T> Future<T> call(Function<Member, T> what) throws InterruptedException {
    CompletableFuture<T> result = new CompletableFuture<>();
    put(
        new Work() {
          @Override
          public void with(Member member) {
            try {
              result.complete(what.apply(member));
            } catch (RuntimeException | Error e) {
              result.completeExceptionally(e);
              throw e;
            }
          }

          @Override
          public void drop() {
            result.cancel(false);
          }
        });
    return result;
  }

  /** As {@link #call}, without waiting for room. */
  public <T> CompletableFuture<T> callLater(Function<Member, T> what) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        result.complete(call(what).get());
      } catch (ExecutionException e) {
        result.completeExceptionally(e.getCause());
      } catch (CancellationException e) {
        result.cancel(false);
      } catch (InterruptedException | RuntimeException e) {
        result.completeExceptionally(e);
      }
    });
    return result;
  }

  private void put(Work work) throws InterruptedException {
    boolean taken = false;
    while (!closed && !taken) {
      taken = waiting.offer(work, Timeouts.BEAT_NANOS, TimeUnit.NANOSECONDS);
    }
    if (closed && (!taken || waiting.remove(work))) {
      work.drop();
    }
  }

  /** Ends the thread. The guest, if it runs here, is left as it is. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    pulses.interrupt();
    if (thread == Thread.currentThread()) {
      return;
    }
    try {
      thread.join(END_MILLIS_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
