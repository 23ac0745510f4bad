package io.tardigrade.bench;

import io.tardigrade.guest.UsageException;
import java.util.List;
import java.util.Set;

/**
 * What {@code bench reset} measures.
 *
 * @param guests numbers of guests in the lab host, growing
 * @param memoryBytes RAM of a guest in the lab host; several numbers of guests are compared at the
 *     first of them, one guest at all of them
 * @param quick few repetitions and small guests
 * @param parts what is measured
 */
public record ResetOptions(
    List<Integer> guests, List<Long> memoryBytes, boolean quick, Set<Part> parts) {
  static final int GUESTS_MAX = 64;
  private static final long MIB = 1 << 20;

  /** Less does not boot. */
  private static final long MEMORY_BYTES_MIN = 88 * MIB;

  private static final long MEMORY_BYTES_MAX = 4096 * MIB;

  /** Parts of the benchmark, each a group of rows. */
  public enum Part {
    /** Freeze, seal and resume on this machine, with no kernel between. */
    NATIVE,
    /** What watching over a host and its guests' memory takes of a core. */
    CARE,
    /** Resets and cold reboots of an emulated host. */
    LAB
  }

  public ResetOptions {
    guests = guests.stream().sorted().distinct().toList();
    memoryBytes = memoryBytes.stream().distinct().toList();
    parts = Set.copyOf(parts);
    if (guests.isEmpty() || guests.getFirst() < 1 || guests.getLast() > GUESTS_MAX) {
      throw new UsageException(
          "guests " + guests + "; give numbers of 1 to " + GUESTS_MAX + " such as 1,4,16");
    }
    if (memoryBytes.isEmpty()
        || memoryBytes.stream()
            .anyMatch(m -> m < MEMORY_BYTES_MIN || m > MEMORY_BYTES_MAX || m % MIB != 0)) {
      throw new UsageException(
          "a guest's memory "
              + memoryBytes.stream().map(m -> m / MIB + "M").toList()
              + "; give whole MiB from 88M to 4G such as 96M,256M,512M");
    }
  }

  /** Rounds of each native measure. */
  int rounds() {
    return quick ? 1 : 5;
  }

  /** Guests that are frozen and resumed natively. */
  int nativeGuests() {
    return quick ? 1 : 4;
  }

  /** Their RAM. */
  List<Long> nativeMemoryBytes() {
    return quick ? List.of(128 * MIB) : List.of(128 * MIB, 512 * MIB, 1024 * MIB);
  }

  /** Windows of ten seconds in which processes are looked at. */
  int windows() {
    return quick ? 1 : 6;
  }

  /** What the lab host is to preserve: all images at once, with checksums and records. */
  long preserveBytes() {
    long images =
        Math.max(
            guests.getLast() * memoryBytes.getFirst(),
            memoryBytes.stream().mapToLong(Long::longValue).max().orElse(0));
    long unit = 128 * MIB;
    return (images + images / 4 + unit + unit - 1) / unit * unit;
  }

  /** The lab host's memory; a guest takes a guardian and a hypervisor beside its image. */
  long hostBytes() {
    long ordinary = 1024 * MIB + guests.getLast() * 256 * MIB;
    long written = memoryBytes.stream().mapToLong(Long::longValue).max().orElse(0);
    return preserveBytes() + Math.max(3584 * MIB, ordinary + written);
  }
}
