package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Which physical pages a process's memory lies in (/proc/PID/pagemap,
 * Documentation/admin-guide/mm/pagemap.rst): of an entry bits 0 to 54 are the page frame number,
 * shown to root only; see {@link PopulatedPages} for the others. For one thread at a time.
 */
public final class Pagemap implements Closeable {
  private static final long FRAME = (1L << 55) - 1;
  private static final long SWAPPED = 1L << 62;
  private static final long PRESENT = 1L << 63;

  private final long pid;
  private final int fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment entries;

  private Pagemap(long pid, int fd, int pagesMax) {
    this.pid = pid;
    this.fd = fd;
    this.entries = arena.allocate(pagesMax * (long) Long.BYTES, Long.BYTES);
  }

  /** Opens that of a process, for ranges of up to {@code pagesMax} pages. */
  public static Pagemap open(long pid, int pagesMax) throws IOException {
    return new Pagemap(
        pid, Linux.open(Path.of("/proc/" + pid + "/pagemap"), Linux.O_RDONLY), pagesMax);
  }

  /** Reads the entries of consecutive pages, for {@link #isPrivate}. */
  public void read(long address, int pages) throws IOException {
    MemorySegment part = entries.asSlice(0, pages * (long) Long.BYTES);
    long got = Linux.pread(fd, part, address / PageRanges.PAGE_BYTES * Long.BYTES);
    if (got != part.byteSize()) {
      throw new IOException("pagemap of process " + pid + " ended after " + got + " bytes");
    }
  }

  /** Whether the page read as {@code index}-th may be another than the mapped file's. */
  public boolean isPrivate(int index) {
    return PopulatedPages.isPrivate(entries.getAtIndex(ValueLayout.JAVA_LONG, index));
  }

  /** The page frame that an address lies in; 0 where it has none or the kernel does not tell. */
  public long frame(long address) throws IOException {
    read(address, 1);
    long entry = entries.getAtIndex(ValueLayout.JAVA_LONG, 0);
    return (entry & PRESENT) != 0 && (entry & SWAPPED) == 0 ? entry & FRAME : 0;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      Linux.close(fd);
    }
  }
}
