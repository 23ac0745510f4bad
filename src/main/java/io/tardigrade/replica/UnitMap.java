package io.tardigrade.replica;

import io.tardigrade.replication.PageCodec;
import java.util.List;

/**
 * Which unit of a guest is what: pages of memory, then device state and marks, then the blocks of
 * each disk.
 */
record UnitMap(long ramPages, List<Long> diskBytes) {
  private static final int UNIT_BYTES = PageCodec.UNIT_BYTES;

  UnitMap {
    diskBytes = List.copyOf(diskBytes);
  }

  private static long blocks(long bytes) {
    return (bytes + UNIT_BYTES - 1) / UNIT_BYTES;
  }

  long units() {
    return firstBlock() + diskBytes.stream().mapToLong(UnitMap::blocks).sum();
  }

  boolean isPage(long unit) {
    return unit >= 0 && unit < ramPages;
  }

  boolean isState(long unit) {
    return unit >= ramPages && unit < firstBlock();
  }

  /** The first unit of device state and marks. */
  long firstState() {
    return ramPages;
  }

  private long firstBlock() {
    return ramPages + StateSpace.UNITS;
  }

  /** A block of a disk, which may be cut short by its end. */
  record Block(int disk, long offset, int bytes) {}

  Block block(long unit) {
    long block = unit - firstBlock();
    for (int disk = 0; disk < diskBytes.size(); disk++) {
      long bytes = diskBytes.get(disk);
      if (block < blocks(bytes)) {
        long offset = block * UNIT_BYTES;
        return new Block(disk, offset, (int) Math.min(UNIT_BYTES, bytes - offset));
      }
      block -= blocks(bytes);
    }
    throw new IndexOutOfBoundsException("unit " + unit + ", there are " + units());
  }

  /** Whether a range lies within a disk. */
  boolean hasRange(int disk, long offset, long bytes) {
    return disk >= 0
        && disk < diskBytes.size()
        && offset >= 0
        && bytes > 0
        && bytes <= diskBytes.get(disk)
        && offset <= diskBytes.get(disk) - bytes;
  }
}
