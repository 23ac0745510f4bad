package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongPredicate;

/**
 * Reads pagemap entries (Documentation/admin-guide/mm/pagemap.rst): one 64-bit word a page, of
 * which bit 55 is soft-dirty, bit 61 says the page belongs to a file, bit 62 swapped, bit 63
 * present.
 */
final class PopulatedPages {
  static final long SOFT_DIRTY = 1L << 55;
  private static final long FILE = 1L << 61;
  private static final long SWAPPED = 1L << 62;
  private static final long PRESENT = 1L << 63;
  private static final long ENTRIES_MAX = 65_536;

  private final GuestRam ram;
  private final int pagemapFd;
  private final MemorySegment entries;

  PopulatedPages(GuestRam ram, int pagemapFd, Arena arena) {
    this.ram = ram;
    this.pagemapFd = pagemapFd;
    this.entries = arena.allocate(ENTRIES_MAX * 8, 8);
  }

  /**
   * Whether a page of a private mapping may differ from the file: it was copied at a write. File
   * pages are merely read; memory of devices may look like no file and is then named needlessly,
   * which does no harm.
   */
  static boolean isPrivate(long entry) {
    return (entry & SWAPPED) != 0 || ((entry & PRESENT) != 0 && (entry & FILE) == 0);
  }

  /** Adds the pages whose entries match. */
  void collect(LongPredicate wanted, PageRanges pages) throws IOException {
    long count = ram.bytes() / PageRanges.PAGE_BYTES;
    long base = ram.address() / PageRanges.PAGE_BYTES;
    for (long first = 0; first < count; first += ENTRIES_MAX) {
      long batch = Math.min(ENTRIES_MAX, count - first);
      MemorySegment part = entries.asSlice(0, batch * 8);
      long got = Linux.pread(pagemapFd, part, (base + first) * 8);
      if (got != batch * 8) {
        throw new IOException(
            "pagemap of hypervisor " + ram.pid() + " ended after " + got + " bytes");
      }
      for (long i = 0; i < batch; i++) {
        if (wanted.test(part.getAtIndex(ValueLayout.JAVA_LONG, i))) {
          pages.add(first + i, 1);
        }
      }
    }
  }
}
