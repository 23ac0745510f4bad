package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Dirty pages by asynchronous write protection: the kernel lifts a page's protection at its first
 * write without asking anyone, and PAGEMAP_SCAN returns the lifted ones and protects them again in
 * one call (Documentation/admin-guide/mm/pagemap.rst and userfaultfd.rst, Linux 6.7).
 *
 * <p>Nothing is protected beforehand: a page without protection that is mapped counts as written,
 * which is so for all that the hypervisor wrote before. A page that was only read so far is told
 * once too many, and protected then. In return memory never touched has no page tables, and a scan
 * costs nothing for it: 0.1 ms for 4 GiB of which 64 MiB are in use, instead of 2.3 ms with all of
 * it protected; where 3 GiB are in use, 2.7 ms instead of 1.4 ms.
 */
public final class UserfaultTracker implements DirtyTracker {
  private static final long UFFDIO_REGISTER = 0xC020AA00L;
  private static final long MODE_WP = 2;
  private static final long PAGEMAP_SCAN = 0xC0606610L;
  private static final long PM_SCAN_WP_MATCHING = 1;
  private static final long PM_SCAN_CHECK_WPASYNC = 2;
  private static final long PAGE_IS_WRITTEN = 2;
  private static final long PAGE_IS_PRESENT = 8;
  private static final long PAGE_IS_SWAPPED = 16;
  private static final int REGIONS_MAX = 8192;

  private final Arena arena = Arena.ofShared();
  private final GuestRam ram;
  private final int userfaultFd;
  private final int pagemapFd;
  // struct pm_scan_arg: twelve 64-bit fields, in the order used in collect()
  private final MemorySegment argument = arena.allocate(96, 8);
  // struct page_region { u64 start, end, categories; }
  private final MemorySegment regions = arena.allocate(REGIONS_MAX * 24L, 8);
  private boolean closed;

  /**
   * Starts tracking. The guest must not have been started.
   *
   * @param userfaultFd created by the hypervisor itself; owned by this tracker from here on
   */
  public UserfaultTracker(GuestRam ram, int userfaultFd) throws IOException {
    this.ram = ram;
    this.userfaultFd = userfaultFd;
    int pagemap = -1;
    try {
      // struct uffdio_register { u64 start, len, mode, ioctls; }
      MemorySegment register = arena.allocate(32, 8);
      register.set(ValueLayout.JAVA_LONG, 0, ram.address());
      register.set(ValueLayout.JAVA_LONG, 8, ram.bytes());
      register.set(ValueLayout.JAVA_LONG, 16, MODE_WP);
      Linux.ioctl("UFFDIO_REGISTER", userfaultFd, UFFDIO_REGISTER, register);
      pagemap = Linux.open(Path.of("/proc/" + ram.pid() + "/pagemap"), Linux.O_RDONLY);
    } catch (IOException e) {
      if (pagemap >= 0) {
        Linux.close(pagemap);
      }
      Linux.close(userfaultFd);
      arena.close();
      throw e;
    }
    this.pagemapFd = pagemap;
  }

  @Override
  public String engine() {
    return "userfaultfd";
  }

  @Override
  public void collect(PageRanges written) throws IOException {
    long from = ram.address();
    long end = ram.address() + ram.bytes();
    while (from < end) {
      argument.set(ValueLayout.JAVA_LONG, 0, 96);
      argument.set(ValueLayout.JAVA_LONG, 8, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC);
      argument.set(ValueLayout.JAVA_LONG, 16, from);
      argument.set(ValueLayout.JAVA_LONG, 24, end);
      argument.set(ValueLayout.JAVA_LONG, 32, 0);
      argument.set(ValueLayout.JAVA_LONG, 40, regions.address());
      argument.set(ValueLayout.JAVA_LONG, 48, REGIONS_MAX);
      argument.set(ValueLayout.JAVA_LONG, 56, 0);
      argument.set(ValueLayout.JAVA_LONG, 64, 0);
      argument.set(ValueLayout.JAVA_LONG, 72, PAGE_IS_WRITTEN);
      argument.set(ValueLayout.JAVA_LONG, 80, PAGE_IS_PRESENT | PAGE_IS_SWAPPED);
      argument.set(ValueLayout.JAVA_LONG, 88, PAGE_IS_WRITTEN);
      int found = Linux.ioctl("PAGEMAP_SCAN", pagemapFd, PAGEMAP_SCAN, argument);
      for (int i = 0; i < found; i++) {
        long first =
            (regions.get(ValueLayout.JAVA_LONG, i * 24L) - ram.address()) / PageRanges.PAGE_BYTES;
        long last =
            (regions.get(ValueLayout.JAVA_LONG, i * 24L + 8) - ram.address())
                / PageRanges.PAGE_BYTES;
        written.add(first, Math.toIntExact(last - first));
      }
      long walked = argument.get(ValueLayout.JAVA_LONG, 32);
      if (walked <= from) {
        throw new IOException(
            "PAGEMAP_SCAN made no progress at page " + (from - ram.address()) / 4096);
      }
      from = walked;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Linux.close(pagemapFd);
      Linux.close(userfaultFd);
      arena.close();
    }
  }
}
