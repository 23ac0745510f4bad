package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestStatus.Scrub;
import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.memory.Pagemap;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads all of the guest's memory again and again, at a bounded rate, and notes pages that do not
 * match the checksums taken when they were committed: of the image, and where the hypervisor has a
 * page of its own, of that too. What the hypervisor never mapped, or only read, is the image's page
 * and not read a second time, which would give it page tables.
 *
 * <p>The guest runs meanwhile, so a page noted is a suspect and no more: it may have been written a
 * moment ago. {@link ScrubInspector} looks at suspects in the next pause.
 *
 * <p>A thread of its own. {@link #attach} and {@link #take} are for the main thread.
 */
final class Scrubber implements Closeable {
  /** Between wake-ups. */
  private static final long TICK_MILLIS = 200;

  /** Checked at once: an application of a checkpoint waits no longer than this takes. */
  private static final int BATCH_PAGES = 16;

  /** Suspects waiting for a pause; with more the scrubber waits too. */
  private static final int SUSPECTS_MAX = 64;

  private final CommittedImage image;
  private final long bytesPerSecond;
  private final BooleanSupplier committing;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Deque<Suspect> suspects = new ArrayDeque<>();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment contents =
      arena.allocate((long) BATCH_PAGES * PageRanges.PAGE_BYTES, PageRanges.PAGE_BYTES);
  private final @Nullable Thread thread;
  private @Nullable GuestRam attached;
  private @Nullable GuestRam followed;
  private @Nullable GuestRam ram;
  private @Nullable Pagemap pagemap;
  private long nextPage;
  private long pages;
  private long passes;
  private long passStartNanos;
  private double passSeconds;
  private long damaged;
  private long repaired;

  /**
   * A page that does not match.
   *
   * @param inImage whether that was found in the image, where nobody writes: then it is damage
   */
  record Suspect(long page, boolean inImage) {}

  /**
   * @param bytesPerSecond 0 for never
   * @param committing whether checkpoints are being committed: without, nothing can be compared
   */
  Scrubber(CommittedImage image, long bytesPerSecond, BooleanSupplier committing) {
    this.image = image;
    this.bytesPerSecond = bytesPerSecond;
    this.committing = committing;
    this.passStartNanos = System.nanoTime();
    this.thread =
        bytesPerSecond == 0 ? null : Thread.ofPlatform().name("scrubber").daemon().start(this::run);
  }

  /** Another hypervisor, or none: what was noted of the one before is of no interest. */
  synchronized void attach(@Nullable GuestRam next) {
    attached = next;
    suspects.clear();
  }

  /** The oldest suspect, or null. */
  synchronized @Nullable Suspect take() {
    return suspects.poll();
  }

  /** Damage was found, and put right or not. */
  synchronized void found(boolean wasRepaired) {
    damaged++;
    repaired += wasRepaired ? 1 : 0;
  }

  synchronized Scrub report() {
    return new Scrub(
        bytesPerSecond, pages, passes, passes == 0 ? null : passSeconds, damaged, repaired);
  }

  private void run() {
    long last = System.nanoTime();
    double due = 0;
    while (sleep()) {
      long now = System.nanoTime();
      // After a gap nothing is made up for.
      due += Math.min(1.0, (now - last) / 1e9) * bytesPerSecond / PageRanges.PAGE_BYTES;
      last = now;
      try {
        due -= check((long) due);
        due = Math.min(due, 1.0);
      } catch (IOException | IllegalStateException e) {
        // Its hypervisor has died, or the image is being replaced: the main thread knows.
        Log.info("scrubbing waits: " + e.getMessage());
        due = 0;
      }
    }
    closeGuest();
  }

  private boolean sleep() {
    try {
      return !closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Checks up to so many pages; returns how many it were. */
  private long check(long pagesMax) throws IOException {
    if (!follow() || !committing.getAsBoolean() || image.isCold()) {
      return pagesMax;
    }
    long done = 0;
    while (done < pagesMax && hasRoom()) {
      int count =
          (int) Math.min(Math.min(BATCH_PAGES, pagesMax - done), image.ramPages() - nextPage);
      checkImage(nextPage, nextPage + count);
      checkGuest(nextPage, count);
      done += count;
      advance(count);
    }
    return done;
  }

  private synchronized boolean hasRoom() {
    return closed.getCount() > 0 && suspects.size() <= SUSPECTS_MAX - 2 * BATCH_PAGES;
  }

  private synchronized void advance(int count) {
    pages += count;
    nextPage += count;
    if (nextPage == image.ramPages()) {
      long now = System.nanoTime();
      nextPage = 0;
      passes++;
      passSeconds = (now - passStartNanos) / 1e9;
      passStartNanos = now;
    }
  }

  /** Looks at the guest that is attached now; false where there is none. */
  private boolean follow() throws IOException {
    GuestRam wanted;
    synchronized (this) {
      wanted = attached;
    }
    if (wanted != followed) {
      closeGuest();
      if (wanted != null) {
        pagemap = Pagemap.open(wanted.pid(), BATCH_PAGES);
        ram = wanted.forAnotherThread();
        followed = wanted;
      }
    }
    return wanted != null;
  }

  private void closeGuest() {
    ram = null;
    followed = null;
    if (pagemap != null) {
      pagemap.close();
      pagemap = null;
    }
  }

  private void checkImage(long from, long to) {
    for (long page = from; page < to; page++) {
      page = image.firstDamagedPage(page, to);
      if (page < 0) {
        return;
      }
      suspect(page, /* inImage= */ true);
    }
  }

  private void checkGuest(long first, int count) throws IOException {
    GuestRam guest = ram;
    Pagemap map = pagemap;
    if (guest == null || map == null) {
      return;
    }
    map.read(guest.address() + first * PageRanges.PAGE_BYTES, count);
    for (int i = 0; i < count; ) {
      int end = i;
      while (end < count && map.isPrivate(end)) {
        end++;
      }
      if (end > i) {
        checkOwn(guest, first + i, end - i);
      }
      i = end + 1;
    }
  }

  private void checkOwn(GuestRam guest, long first, int count) throws IOException {
    MemorySegment part = contents.asSlice(0, (long) count * PageRanges.PAGE_BYTES);
    guest.read(first, part);
    for (int i = 0; i < count; i++) {
      MemorySegment page = part.asSlice((long) i * PageRanges.PAGE_BYTES, PageRanges.PAGE_BYTES);
      if (!image.matches(first + i, page)) {
        suspect(first + i, /* inImage= */ false);
      }
    }
  }

  private synchronized void suspect(long page, boolean inImage) {
    if (attached != null) {
      suspects.add(new Suspect(page, inImage));
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      if (thread != null) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    arena.close();
  }
}
