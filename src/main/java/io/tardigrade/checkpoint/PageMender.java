package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.Slot.Phase;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Examines and repairs single pages of RAM. Only under both locks of the image, so that no record
 * is applied or given up meanwhile.
 *
 * <p>A repair is one copy into RAM. A process killed in the middle of it leaves a page that still
 * does not match its checksum, and so is found again.
 */
final class PageMender {
  private final CommittedRam ram;
  private final List<Slot> slots;

  PageMender(CommittedRam ram, List<Slot> slots) {
    this.ram = ram;
    this.slots = slots;
  }

  PageHealth examine(long page, @Nullable MemorySegment guest) {
    int image = ram.sum(page);
    boolean imageMatches = ram.isSum(page, image);
    boolean guestMatches = guest != null && ram.isSum(page, CommittedRam.sum(guest));
    int difference = image ^ ram.expected(page);
    return new PageHealth(
        imageMatches,
        guestMatches,
        fromRecord(page) != null,
        !imageMatches && BitCorrection.isOfSum(difference),
        !imageMatches && !guestMatches && flippedBack(page, guest) != null);
  }

  /**
   * Puts the right contents into the image where they are not, and returns them.
   *
   * @throws IllegalStateException where the source does not have them any more
   */
  MemorySegment repair(long page, PageHealth.Source source, @Nullable MemorySegment guest) {
    MemorySegment good =
        switch (source) {
          case IMAGE -> copyOf(ram.page(page));
          case GUEST -> guest;
          case RECORD -> fromRecord(page);
          case FLIPPED_BIT -> flippedBack(page, guest);
        };
    if (good == null || !ram.isSum(page, CommittedRam.sum(good))) {
      throw new IllegalStateException("page " + page + " cannot be repaired from its " + source);
    }
    if (source != PageHealth.Source.IMAGE && !ram.isSum(page, ram.sum(page))) {
      ram.store(page, good);
    }
    return good;
  }

  private @Nullable MemorySegment fromRecord(long page) {
    for (Slot slot : slots) {
      boolean sealed = slot.phase == Phase.SEALED || slot.phase == Phase.APPLIED;
      if (!sealed || slot.header == null) {
        continue;
      }
      // Beyond what has space there are holes, which must not be touched.
      long count = Math.min(slot.header.pageCount(), slot.pagesAllocated());
      for (int i = 0; i < count; i++) {
        if (slot.record.pageNumber(i) == page
            && ram.isSum(page, CommittedRam.sum(slot.pages(i, 1)))) {
          return copyOf(slot.pages(i, 1));
        }
      }
    }
    return null;
  }

  private @Nullable MemorySegment flippedBack(long page, @Nullable MemorySegment guest) {
    MemorySegment corrected = flippedBack(ram.page(page), ram.expected(page));
    return corrected != null || guest == null ? corrected : flippedBack(guest, ram.expected(page));
  }

  private static @Nullable MemorySegment flippedBack(MemorySegment contents, int expected) {
    int bit = BitCorrection.bitOfPage(CommittedRam.sum(contents) ^ expected);
    if (bit < 0) {
      return null;
    }
    MemorySegment corrected = copyOf(contents);
    long at = bit / Byte.SIZE;
    byte old = corrected.get(ValueLayout.JAVA_BYTE, at);
    corrected.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ (1 << (bit % Byte.SIZE))));
    return corrected;
  }

  private static MemorySegment copyOf(MemorySegment contents) {
    return MemorySegment.ofArray(contents.toArray(ValueLayout.JAVA_BYTE));
  }
}
