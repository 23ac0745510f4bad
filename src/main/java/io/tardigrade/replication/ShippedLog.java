package io.tardigrade.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * A primary's log: epochs captured or taken over, from the oldest that a backup may still need.
 * Each has a position; what came before the first one is at position {@code first() - 1}.
 */
final class ShippedLog {
  /** An epoch and the one before it. */
  record Entry(EpochId id, EpochId parent, int parts, long bytes) {}

  private final List<Entry> entries = new ArrayList<>();
  private EpochId beforeFirst;
  private long first = 1;
  private long committed;
  private long bytes;

  ShippedLog(MemberStore store) {
    beforeFirst = store.base();
    for (EpochId id : store.tail()) {
      append(id, store.parts(id), store.bytes(id));
    }
  }

  void append(EpochId id, int parts, long sizeBytes) {
    entries.add(new Entry(id, newestId(), parts, sizeBytes));
    bytes += sizeBytes;
  }

  long newest() {
    return first + entries.size() - 1;
  }

  EpochId newestId() {
    return entries.isEmpty() ? beforeFirst : entries.getLast().id();
  }

  long committed() {
    return committed;
  }

  EpochId committedId() {
    return idAt(committed);
  }

  EpochId idAt(long position) {
    return position == first - 1 ? beforeFirst : entry(position).id();
  }

  Entry entry(long position) {
    return entries.get((int) (position - first));
  }

  /** -1 where it is not, or no longer, in the log. */
  long positionOf(EpochId id) {
    if (id.equals(beforeFirst)) {
      return first - 1;
    }
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).id().equals(id)) {
        return first + i;
      }
    }
    return -1;
  }

  void commit(long position) {
    committed = position;
  }

  /** Forgets what lies up to {@code position}, if committed; returns the newest forgotten. */
  EpochId forget(long position) {
    while (first <= Math.min(position, committed)) {
      Entry gone = entries.removeFirst();
      beforeFirst = gone.id();
      bytes -= gone.bytes();
      first++;
    }
    return beforeFirst;
  }

  int records() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }
}
