package io.tardigrade.guardian;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which hosts are assigned to keep a guest, as the host that leads it uses them. One that is not
 * used for a while may yet be, as a host that is away for a moment; pure but for what it remembers.
 */
final class Assignments {
  /** An assignment that the primary has no use for so long is removed. */
  static final long UNUSED_NANOS_MAX = 60_000_000_000L;

  private final Map<String, Long> unusedSinceNanos = new HashMap<>();

  /** What is to be changed. */
  record Changes(Set<String> assign, Set<String> unassign) {}

  /**
   * What follows from a look; the same again where it could not be done.
   *
   * @param used hosts that keep the guest, or are to
   * @param assigned as the cluster knows it
   */
  Changes look(Set<String> used, Set<String> assigned, long nowNanos) {
    Set<String> missing = new HashSet<>(used);
    missing.removeAll(assigned);
    unusedSinceNanos.keySet().retainAll(assigned);
    unusedSinceNanos.keySet().removeAll(used);
    Set<String> unused = new HashSet<>();
    for (String host : assigned) {
      if (!used.contains(host)
          && nowNanos - unusedSinceNanos.computeIfAbsent(host, _ -> nowNanos) > UNUSED_NANOS_MAX) {
        unused.add(host);
      }
    }
    return new Changes(missing, unused);
  }
}
