package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.PageHealth;
import io.tardigrade.core.ScrubPolicy;
import io.tardigrade.core.ScrubPolicy.Action;
import io.tardigrade.core.ScrubPolicy.Findings;
import io.tardigrade.core.ScrubPolicy.GuestPage;
import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.memory.Pagemap;
import io.tardigrade.qemu.HypervisorLostException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the {@link Scrubber}'s suspects while the guest stands still, right after its dirty
 * pages were found, and puts right what is damaged.
 *
 * <p>What makes it sound: the guest does not run; no captured checkpoint waits to be applied; a
 * page that is not among the dirty ones was not written since the last checkpoint. So its contents
 * are those that were committed, or it is damaged. The device state is saved later: the hypervisor
 * writes nothing meanwhile. A repair of the guest's page counts as a write of it, and is part of
 * the next checkpoint.
 *
 * <p>Main thread only, but for {@link #reason}.
 */
final class ScrubInspector implements Closeable {
  /** The pause grows by no more than this, and one page. */
  private static final long PAUSE_NANOS_MAX = 100_000;

  /** Pages known to be lost that are remembered, so that each is told once. */
  private static final int LOST_MAX = 4096;

  private final CommittedImage image;
  private final Scrubber scrubber;
  private final BooleanSupplier allApplied;
  private final Consumer<PageDamage> told;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment own = arena.allocate(PageRanges.PAGE_BYTES, PageRanges.PAGE_BYTES);
  private final TreeSet<Long> lost = new TreeSet<>();
  private long lookedAt = -1;
  private @Nullable Pagemap guestMap;
  private @Nullable Pagemap ownMap;
  private volatile @Nullable String reason;

  /**
   * @param allApplied whether every captured checkpoint is in the image
   * @param told hears of every damage
   */
  ScrubInspector(
      CommittedImage image,
      Scrubber scrubber,
      BooleanSupplier allApplied,
      Consumer<PageDamage> told) {
    this.image = image;
    this.scrubber = scrubber;
    this.allApplied = allApplied;
    this.told = told;
  }

  /** What users should know, or null where all damage was repaired. Any thread. */
  @Nullable String reason() {
    return reason;
  }

  /** Another hypervisor. */
  void restart() {
    if (guestMap != null) {
      guestMap.close();
      guestMap = null;
    }
  }

  /**
   * Examines suspects, for a bounded time. The guest must be paused.
   *
   * @param dirty pages written since the last checkpoint
   * @throws HypervisorLostException where the guest has to go back to the last checkpoint
   */
  void inspect(GuestRam ram, PageRanges dirty) throws IOException {
    if (!allApplied.getAsBoolean()) {
      return;
    }
    long start = System.nanoTime();
    Scrubber.Suspect suspect;
    while (System.nanoTime() - start < PAUSE_NANOS_MAX && (suspect = scrubber.take()) != null) {
      boolean written = dirty.contains(suspect.page());
      // A page of the guest that was written in between proves nothing.
      if (!written || suspect.inImage()) {
        examineOrSay(ram, suspect.page(), written);
      }
    }
    forgetOneReplaced(ram);
  }

  private void examineOrSay(GuestRam ram, long page, boolean written)
      throws HypervisorLostException {
    try {
      examine(ram, page, written);
    } catch (HypervisorLostException e) {
      throw e;
    } catch (IOException e) {
      // That a hypervisor has died is seen by whoever asks it next; it is no reason to end one.
      Log.warn("page " + page + " could not be examined: " + e.getMessage());
    }
  }

  /**
   * A page that was lost is whole again once the guest has written it and that is committed. One
   * that it merely read may have been committed as it is, wrong.
   */
  private void forgetOneReplaced(GuestRam ram) throws IOException {
    if (lost.isEmpty()) {
      return;
    }
    Pagemap map = mapOf(ram);
    Long next = lost.higher(lookedAt);
    lookedAt = next == null ? lost.first() : next;
    map.read(ram.address() + lookedAt * PageRanges.PAGE_BYTES, 1);
    if (map.isPrivate(0) && image.firstDamagedPage(lookedAt, lookedAt + 1) < 0) {
      lost.remove(lookedAt);
      setReason();
    }
  }

  private void setReason() {
    reason =
        lost.isEmpty()
            ? null
            : lost.size()
                + (lost.size() == 1 ? " page of its memory is" : " pages of its memory are")
                + " damaged and no good copy is left; see its incidents";
  }

  private void examine(GuestRam ram, long page, boolean written) throws IOException {
    Pagemap map = mapOf(ram);
    long address = ram.address() + page * PageRanges.PAGE_BYTES;
    map.read(address, 1);
    boolean isOwn = map.isPrivate(0);
    MemorySegment guest = null;
    if (isOwn && !written) {
      ram.read(page, own);
      guest = own;
    }
    PageHealth health = image.examine(page, guest);
    GuestPage seen =
        !isOwn
            ? GuestPage.SHARED
            : written
                ? GuestPage.WRITTEN
                : health.guestMatches() ? GuestPage.MATCHES : GuestPage.DIFFERS;
    Findings findings =
        new Findings(
            health.imageMatches(),
            seen,
            health.recordHolds(),
            health.checksumFlipped(),
            health.bitKnown(),
            /* guestWritable= */ true);
    Action action = act(ram, page, findings, guest);
    if (action != Action.NOTHING && (action != Action.TELL || isNews(page))) {
      boolean inGuest =
          seen == GuestPage.DIFFERS || (seen == GuestPage.SHARED && !health.imageMatches());
      long imageFrame = ownMap().frame(image.pageAddress(page));
      PageDamage damage =
          new PageDamage(
              page,
              !health.imageMatches(),
              inGuest,
              imageFrame,
              isOwn ? map.frame(address) : 0,
              action,
              image.committedEpoch());
      scrubber.found(damage.isRepaired());
      told.accept(damage);
      if (action == Action.ROLL_BACK) {
        throw new HypervisorLostException(
            HypervisorLostException.Kind.DAMAGED, damage.seen() + " and cannot be written");
      }
    }
  }

  /** Does what is decided; returns what was decided in the end. */
  private Action act(GuestRam ram, long page, Findings findings, @Nullable MemorySegment guest) {
    Action action = ScrubPolicy.decide(findings);
    PageHealth.Source source =
        switch (action) {
          case FROM_IMAGE -> PageHealth.Source.IMAGE;
          case FROM_GUEST -> PageHealth.Source.GUEST;
          case FROM_RECORD -> PageHealth.Source.RECORD;
          case FLIP_BACK -> PageHealth.Source.FLIPPED_BIT;
          default -> null;
        };
    if (action == Action.RENEW_CHECKSUM) {
      image.renewChecksum(page);
    }
    if (source == null) {
      return action;
    }
    MemorySegment good = image.repair(page, source, guest);
    if (findings.guest() == GuestPage.DIFFERS) {
      try {
        own.copyFrom(good);
        ram.write(page, own);
      } catch (IOException e) {
        Log.warn("page " + page + " of the guest cannot be repaired: " + e.getMessage());
        return ScrubPolicy.decide(findings.guestNotWritable());
      }
    }
    return action;
  }

  private boolean isNews(long page) {
    boolean news = lost.size() < LOST_MAX && lost.add(page);
    setReason();
    return news;
  }

  private Pagemap mapOf(GuestRam ram) throws IOException {
    Pagemap map = guestMap;
    if (map == null) {
      map = Pagemap.open(ram.pid(), 1);
      guestMap = map;
    }
    return map;
  }

  private Pagemap ownMap() throws IOException {
    Pagemap map = ownMap;
    if (map == null) {
      map = Pagemap.open(ProcessHandle.current().pid(), 1);
      ownMap = map;
    }
    return map;
  }

  @Override
  public void close() {
    if (guestMap != null) {
      guestMap.close();
    }
    if (ownMap != null) {
      ownMap.close();
    }
    arena.close();
  }
}
