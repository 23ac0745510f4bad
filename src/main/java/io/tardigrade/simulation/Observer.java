package io.tardigrade.simulation;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Sees everything, and says when something is so that must never be:
 *
 * <ol>
 *   <li>output leaves of an epoch that is not of the one lineage clients have seen;
 *   <li>output has left of an epoch that a member of the stored view, could it lead, does not hold;
 *   <li>a guest runs from, or a store holds, content other than was captured;
 *   <li>a member of the stored view has to give up what it holds;
 *   <li>more is kept than the bounds allow.
 * </ol>
 *
 * <p>What clients are told is judged by {@link History}.
 */
final class Observer {
  /** One more than a primary keeps: a frozen guest's last; and one that a backup is to fold. */
  private static final int RECORDS_MAX = Timeouts.RECORDS_MAX + 2;

  private static final class Captured {
    final EpochId parent;
    final long[] content;

    Captured(EpochId parent, long[] content) {
      this.parent = parent;
      this.content = content;
    }
  }

  private final Map<EpochId, Captured> captured = new HashMap<>();
  private final Set<EpochId> lineage = new HashSet<>();
  private final Map<String, SimulatedStore> stores = new HashMap<>();
  private final Set<String> gaveUp = new HashSet<>();
  private EpochId released = EpochId.NONE;
  private boolean changed = true;
  private long checkedView;
  private long epochsReleased;

  Observer(int units) {
    captured.put(EpochId.NONE, new Captured(EpochId.NONE, new long[units]));
    lineage.add(EpochId.NONE);
  }

  void watch(String host, SimulatedStore store) {
    stores.put(host, store);
  }

  long epochsReleased() {
    return epochsReleased;
  }

  void captured(EpochId id, EpochId parent, long[] content) {
    if (captured.putIfAbsent(id, new Captured(parent, content)) != null) {
      throw new ViolationException("epoch " + id + " is captured twice");
    }
  }

  void released(String host, EpochId id) {
    if (lineage.contains(id)) {
      return;
    }
    Set<EpochId> added = new HashSet<>();
    EpochId at = id;
    while (!at.equals(released)) {
      if (lineage.contains(at)) {
        throw new ViolationException(
            host
                + " lets out epoch "
                + id
                + ", which branches off at "
                + at
                + "; clients have seen "
                + released);
      }
      added.add(at);
      at = parent(at);
    }
    lineage.addAll(added);
    released = id;
    epochsReleased++;
    changed = true;
  }

  private EpochId parent(EpochId id) {
    Captured known = captured.get(id);
    if (known == null) {
      throw new ViolationException("epoch " + id + " was never captured");
    }
    return known.parent;
  }

  void storeChanged(String host, SimulatedStore store) {
    changed = true;
    if (store.records() > RECORDS_MAX) {
      throw new ViolationException(
          host + " keeps " + store.records() + " epochs, at most " + RECORDS_MAX + " may be kept");
    }
  }

  /** A store has lost all by following another lineage: nobody may rely on it then. */
  void gaveUp(String host) {
    gaveUp.add(host);
    changed = true;
  }

  void checkContent(String host, EpochId id, long[] content) {
    Captured known = captured.get(id);
    if (known == null || !Arrays.equals(known.content, content)) {
      throw new ViolationException(host + " holds content other than was captured as epoch " + id);
    }
  }

  /** To be called after every step. */
  void check(View stored) {
    if (!changed && stored.number() == checkedView) {
      return;
    }
    changed = false;
    checkedView = stored.number();
    for (String host : gaveUp) {
      if (stored.hasMember(host)) {
        throw new ViolationException(host + " gives up what it holds, in " + stored);
      }
    }
    gaveUp.clear();
    check(stored.primary(), stored);
    stored.backups().forEach(backup -> check(backup, stored));
  }

  private void check(String host, View stored) {
    SimulatedStore store = stores.get(host);
    if (store == null || !store.isWhole()) {
      return;
    }
    EpochId at = store.newest();
    while (at.epoch() > released.epoch()) {
      at = parent(at);
    }
    if (!at.equals(released)) {
      throw new ViolationException(
          host
              + " could lead after "
              + stored
              + " with epoch "
              + store.newest()
              + ", but clients have seen "
              + released);
    }
  }
}
