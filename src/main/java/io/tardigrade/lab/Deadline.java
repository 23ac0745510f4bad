package io.tardigrade.lab;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Does something if it is not closed in time. */
final class Deadline implements AutoCloseable {
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean passed = new AtomicBoolean();

  Deadline(Duration time, Runnable late) {
    Thread.ofVirtual().start(() -> watch(time, late));
  }

  private void watch(Duration time, Runnable late) {
    try {
      if (!closed.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
        passed.set(true);
        late.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  boolean passed() {
    return passed.get();
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
