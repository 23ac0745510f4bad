package io.tardigrade.block;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one epoch wrote to a volume: disjoint extents ordered by offset, a later write covering an
 * earlier one. Pure data; the caller guards it while it is being added to.
 */
final class BlockLayer {
  private final TreeMap<Long, Extent> extents = new TreeMap<>();
  private final long epoch;
  private long payloadBytes;

  BlockLayer(long epoch) {
    this.epoch = epoch;
  }

  long epoch() {
    return epoch;
  }

  boolean isEmpty() {
    return extents.isEmpty();
  }

  /** Bytes of log content ever added, those covered since included. */
  long payloadBytes() {
    return payloadBytes;
  }

  /** In the order of their offsets. */
  Collection<Extent> extents() {
    return extents.values();
  }

  /** Adds an extent, cutting what it covers out of older ones. */
  void put(Extent added) {
    long from = added.offset();
    long to = added.end();
    Map.Entry<Long, Extent> before = extents.lowerEntry(from);
    if (before != null && before.getValue().end() > from) {
      Extent old = before.getValue();
      extents.put(old.offset(), old.part(old.offset(), from));
      if (old.end() > to) {
        extents.put(to, old.part(to, old.end()));
      }
    }
    for (Map.Entry<Long, Extent> next = extents.ceilingEntry(from);
        next != null && next.getKey() < to;
        next = extents.ceilingEntry(from)) {
      Extent old = next.getValue();
      extents.remove(old.offset());
      if (old.end() > to) {
        extents.put(to, old.part(to, old.end()));
      }
    }
    extents.put(from, added);
    if (!added.isZero()) {
      payloadBytes += added.length();
    }
  }

  /**
   * The extent that holds {@code offset}, else the first one after it, null where there is none.
   */
  @Nullable Extent atOrAfter(long offset) {
    Map.Entry<Long, Extent> floor = extents.floorEntry(offset);
    if (floor != null && floor.getValue().end() > offset) {
      return floor.getValue();
    }
    Map.Entry<Long, Extent> next = extents.higherEntry(offset);
    return next == null ? null : next.getValue();
  }
}
