package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;

/**
 * Compares all pages of a committed image that was found after its host was lost with the checksums
 * taken at their commits, on a thread of its own. The guest runs meanwhile, but nothing of it is
 * committed, so nothing leaves it and the image stays as it was found. Any thread.
 */
final class ImageCheck {
  /** Of 16 MiB: the image is locked for so long. */
  private static final long PAGES_AT_ONCE = 4096;

  private static final long NONE = -1;

  private final CommittedImage image;
  private final Runnable ended;
  private final Thread thread;
  private volatile boolean done;
  private volatile boolean cancelled;
  private volatile long damagedPage = NONE;

  /**
   * Begins.
   *
   * @param ended told from the other thread
   */
  ImageCheck(CommittedImage image, Runnable ended) {
    this.image = image;
    this.ended = ended;
    this.thread = Thread.ofPlatform().name("image-check").daemon().start(this::compare);
  }

  private void compare() {
    long pages = image.ramBytes() / CommittedImage.PAGE_BYTES;
    for (long from = 0; from < pages && damagedPage == NONE && !cancelled; from += PAGES_AT_ONCE) {
      damagedPage = image.firstDamagedPage(from, Math.min(pages, from + PAGES_AT_ONCE));
    }
    done = true;
    ended.run();
  }

  /** Whether all pages were compared, or one was found that differs. */
  boolean isDone() {
    return done;
  }

  /** The first page that differs; -1 for none so far. */
  long damagedPage() {
    return damagedPage;
  }

  /** Waits until it is done. */
  void await() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives up; the image is not read any more when this returns. */
  void cancel() {
    cancelled = true;
    await();
  }
}
