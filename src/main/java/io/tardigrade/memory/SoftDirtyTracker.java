package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Dirty pages by the kernel's soft-dirty bits (Documentation/admin-guide/mm/soft-dirty.rst): bit 55
 * of a page's pagemap entry is set by a write; writing 4 to clear_refs clears it for the whole
 * process. Slower than {@link UserfaultTracker}, and there since Linux 3.11 where
 * CONFIG_MEM_SOFT_DIRTY is set.
 *
 * <p>Reading and clearing are two steps: the guest must be paused, as {@link #collect} asks anyway.
 */
public final class SoftDirtyTracker implements DirtyTracker {
  private final Arena arena = Arena.ofShared();
  private final GuestRam ram;
  private final int pagemapFd;
  private final int clearRefsFd;
  private final PopulatedPages pages;
  private final MemorySegment clearSoftDirty =
      arena.allocateFrom("4\n", StandardCharsets.US_ASCII).asSlice(0, 2);
  private boolean first = true;
  private boolean closed;

  /** Starts tracking; see {@link #supported} for whether the kernel can. */
  public SoftDirtyTracker(GuestRam ram) throws IOException {
    this.ram = ram;
    this.pagemapFd = Linux.open(Path.of("/proc/" + ram.pid() + "/pagemap"), Linux.O_RDONLY);
    try {
      this.clearRefsFd = Linux.open(Path.of("/proc/" + ram.pid() + "/clear_refs"), 1);
    } catch (LinuxException e) {
      Linux.close(pagemapFd);
      arena.close();
      throw e;
    }
    this.pages = new PopulatedPages(ram, pagemapFd, arena);
  }

  /** Whether this kernel keeps soft-dirty bits: tried on a page of our own. */
  public static boolean supported() {
    try (Arena probe = Arena.ofConfined()) {
      MemorySegment page = probe.allocate(2L * PageRanges.PAGE_BYTES, PageRanges.PAGE_BYTES);
      page.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
      int pagemap = Linux.open(Path.of("/proc/self/pagemap"), Linux.O_RDONLY);
      try {
        MemorySegment entry = probe.allocate(8, 8);
        long n = Linux.pread(pagemap, entry, page.address() / PageRanges.PAGE_BYTES * 8);
        return n == 8 && (entry.get(ValueLayout.JAVA_LONG, 0) & PopulatedPages.SOFT_DIRTY) != 0;
      } finally {
        Linux.close(pagemap);
      }
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String engine() {
    return "soft-dirty";
  }

  @Override
  public void collect(PageRanges written) throws IOException {
    if (!first) {
      pages.collect(entry -> (entry & PopulatedPages.SOFT_DIRTY) != 0, written);
      clear();
    } else {
      // A new mapping counts as soft-dirty from end to end; what was really written is private.
      pages.collect(PopulatedPages::isPrivate, written);
      clear();
      first = false;
    }
  }

  private void clear() throws IOException {
    if (Linux.write(clearRefsFd, clearSoftDirty) != clearSoftDirty.byteSize()) {
      throw new IOException("clear_refs of hypervisor " + ram.pid() + " took no write");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Linux.close(clearRefsFd);
      Linux.close(pagemapFd);
      arena.close();
    }
  }
}
