package io.tardigrade.guardian;

import io.tardigrade.cluster.MemberThread;
import io.tardigrade.replication.Member;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Between a guest's member, which orders {@link Reign reigns}, and the guardian's main thread,
 * which serves them. The main thread waits for the member only as long as nothing is ordered: a
 * member that takes back what it ordered waits for the main thread to leave it.
 */
final class Orders {
  private static final long LOOK_MILLIS = 20;

  private final MemberThread member;
  private @Nullable Reign ordered;

  Orders(MemberThread member) {
    this.member = member;
  }

  /** The member wants the guest to run here; its thread. */
  synchronized void order(Reign begun) {
    ordered = begun;
    notifyAll();
  }

  /** What is ordered, which may be over already; null where nothing is within this time. */
  @SuppressWarnings("WaitNotInLoop")
  synchronized @Nullable Reign await(long millisMax) throws IOException {
    try {
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millisMax);
      long left = millisMax;
      while (ordered == null && left > 0) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    Reign next = ordered;
    ordered = null;
    return next;
  }

  private synchronized boolean isOrdered() {
    return ordered != null;
  }

  /**
   * What the member says, however long it is busy; null as soon as a reign is ordered.
   *
   * @param whileWaiting called every few milliseconds
   */
  <T> @Nullable T ask(Function<Member, T> what, Runnable whileWaiting) throws IOException {
    Future<T> answer = member.callLater(what);
    while (!isOrdered()) {
      try {
        return answer.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        whileWaiting.run();
      } catch (ExecutionException | CancellationException e) {
        throw new IOException("the guest's member has ended: " + e, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    return null;
  }
}
