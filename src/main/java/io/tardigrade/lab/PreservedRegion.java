package io.tardigrade.lab;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.preserve.Region;

/**
 * Where in a lab host's physical memory the preserved region lies. Memory of QEMU's machine "pc":
 *
 * <pre>
 *   0           1 GiB                2 GiB        3.5 GiB            4 GiB
 *   | kernel …  | region …   | … initrd | …          | devices          | the rest … region … |
 * </pre>
 *
 * QEMU and the kernel put an initrd just below 2 GiB or the end of memory, whichever is lower, and
 * the crash kernel below that: a small region lies at 1 GiB with room above it, a larger one at 4
 * GiB.
 */
final class PreservedRegion {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** Below 2 GiB this is left to initrd and crash kernel. */
  private static final long ROOM_ABOVE_BYTES = 448 * MIB;

  private static final long LOW_MEMORY_BYTES = 3 * GIB + 512 * MIB;

  private PreservedRegion() {}

  /** The region, which every kernel booted in the host must be told of. */
  static Region of(long memoryBytes, long preserveBytes) {
    if (preserveBytes <= 0 || preserveBytes % Region.ALIGNMENT_BYTES != 0) {
      throw new UsageException(
          "preserved memory "
              + Quantities.bytes(preserveBytes)
              + " of a lab host; give a multiple of 128M such as 512M, or 0");
    }
    long end = GIB + preserveBytes + ROOM_ABOVE_BYTES;
    if (end <= Math.min(memoryBytes, 2 * GIB)) {
      return new Region(GIB, preserveBytes);
    }
    if (memoryBytes - LOW_MEMORY_BYTES >= preserveBytes) {
      return new Region(4 * GIB, preserveBytes);
    }
    throw new UsageException(
        "preserved memory "
            + Quantities.bytes(preserveBytes)
            + " does not fit into a lab host's "
            + Quantities.bytes(memoryBytes)
            + "; up to 512M need --memory 2G, more need 3584M beside it");
  }
}
