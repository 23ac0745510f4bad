package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Dirty pages by comparing all guest RAM with what it held at the last call: works on every kernel,
 * costs a pass over all RAM (about 100 ms for 128 MiB emulated) and a second copy of it. The last
 * resort.
 */
public final class ComparingTracker implements DirtyTracker {
  private static final int BATCH_PAGES = 1024;

  private final Arena arena = Arena.ofShared();
  private final GuestRam ram;
  private final MemorySegment known;
  private final MemorySegment batch =
      arena.allocate((long) BATCH_PAGES * PageRanges.PAGE_BYTES, 4096);
  private final PageRanges window = new PageRanges();
  private boolean closed;

  /** Starts tracking against {@code image}, the committed image that the hypervisor maps. */
  public ComparingTracker(GuestRam ram, Path image) throws IOException {
    this.ram = ram;
    this.known = arena.allocate(ram.bytes(), PageRanges.PAGE_BYTES);
    int fd = Linux.open(image, Linux.O_RDONLY);
    try {
      for (long offset = 0; offset < ram.bytes(); ) {
        long n =
            Linux.pread(fd, known.asSlice(offset, Math.min(1 << 26, ram.bytes() - offset)), offset);
        if (n == 0) {
          throw new IOException(image + " ends at " + offset + " of " + ram.bytes() + " bytes");
        }
        offset += n;
      }
    } catch (IOException e) {
      arena.close();
      throw e;
    } finally {
      Linux.close(fd);
    }
  }

  @Override
  public String engine() {
    return "compare";
  }

  @Override
  public void collect(PageRanges written) throws IOException {
    long pages = ram.bytes() / PageRanges.PAGE_BYTES;
    for (long first = 0; first < pages; first += BATCH_PAGES) {
      int count = (int) Math.min(BATCH_PAGES, pages - first);
      window.clear();
      window.add(first, count);
      ram.read(window, batch.asSlice(0, (long) count * PageRanges.PAGE_BYTES));
      collectBatch(first, count, written);
    }
  }

  private void collectBatch(long first, int count, PageRanges written) {
    long bytes = (long) count * PageRanges.PAGE_BYTES;
    long offset = 0;
    while (offset < bytes) {
      long base = first * PageRanges.PAGE_BYTES;
      long difference =
          MemorySegment.mismatch(batch, offset, bytes, known, base + offset, base + bytes);
      if (difference < 0) {
        return;
      }
      long page = (offset + difference) / PageRanges.PAGE_BYTES;
      written.add(first + page, 1);
      MemorySegment.copy(
          batch,
          page * PageRanges.PAGE_BYTES,
          known,
          base + page * PageRanges.PAGE_BYTES,
          PageRanges.PAGE_BYTES);
      offset = (page + 1) * PageRanges.PAGE_BYTES;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }
}
