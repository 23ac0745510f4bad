package io.tardigrade.monitor;

/**
 * What /proc/meminfo says, in bytes; see proc_meminfo(5).
 *
 * @param kernelBytes what the kernel itself holds and cannot give back
 * @param corruptedBytes memory taken out of use after uncorrected errors
 */
public record MemInfo(
    long totalBytes,
    long freeBytes,
    long availableBytes,
    long kernelBytes,
    long slabUnreclaimableBytes,
    long corruptedBytes) {

  /**
   * Reads the text of /proc/meminfo.
   *
   * <p>The kernel's own share is what is left of all memory without what is free, caches files, can
   * be reclaimed or belongs to processes. Adding up {@code SUnreclaim}, {@code KernelStack} and so
   * on instead would miss pages that a driver takes from the page allocator, which appear in no
   * line at all: the leak that is hardest to find.
   */
  public static MemInfo parse(String text) throws UnreadableException {
    Kilobytes table = Kilobytes.parse("/proc/meminfo", text);
    long total = table.required("MemTotal");
    long free = table.required("MemFree");
    long available = table.optional("MemAvailable").orElse(free);
    long others =
        free
            + table.orZero("Buffers")
            + table.orZero("Cached")
            + table.orZero("SwapCached")
            + table.orZero("AnonPages")
            + Math.max(table.orZero("SReclaimable"), table.orZero("KReclaimable"))
            + table.orZero("Hugetlb")
            + table.orZero("Zswap")
            + table.orZero("Balloon")
            + table.orZero("HardwareCorrupted");
    return new MemInfo(
        total,
        free,
        Math.min(available, total),
        Math.max(0, total - others),
        table.orZero("SUnreclaim"),
        table.orZero("HardwareCorrupted"));
  }
}
