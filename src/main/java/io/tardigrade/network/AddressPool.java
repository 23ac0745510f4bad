package io.tardigrade.network;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Gives out the addresses of a /24, one per guest and for its life. Given back, an address rests as
 * long as others are free: neighbours and connection tables still remember who had it.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class AddressPool {
  /** The first host address is the bridge's own. */
  static final int INDEX_FIRST = 2;

  static final int INDEX_LAST = 254;

  private final Subnet subnet;
  private final TreeMap<String, Ipv4> assigned = new TreeMap<>();
  private int next;

  /**
   * A pool that goes on from what an earlier one remembered.
   *
   * @param next where to look first for a free address, {@link #next} of the earlier pool; 0 at the
   *     beginning
   */
  public AddressPool(Subnet subnet, Map<String, Ipv4> assigned, int next) {
    if (subnet.prefix() != 24) {
      throw new IllegalArgumentException("a guest network is a /24, given " + subnet);
    }
    this.subnet = subnet;
    this.next = next < INDEX_FIRST || next > INDEX_LAST ? INDEX_FIRST : next;
    assigned.forEach(this::put);
  }

  private void put(String guest, Ipv4 address) {
    int index = address.lastByte();
    if (!subnet.contains(address) || index < INDEX_FIRST || index > INDEX_LAST) {
      throw new IllegalArgumentException(
          "address " + address + " of guest '" + guest + "' is none for guests of " + subnet);
    }
    if (assigned.containsValue(address)) {
      throw new IllegalArgumentException("address " + address + " is given to two guests");
    }
    assigned.put(guest, address);
  }

  /** The guest's address: the one it has, or else a free one. */
  public Ipv4 assign(String guest) {
    return assign(guest, address -> false);
  }

  /** As above; a new one is none that {@code taken} says somebody else has. */
  Ipv4 assign(String guest, Predicate<Ipv4> taken) {
    @Nullable Ipv4 known = assigned.get(guest);
    if (known != null) {
      return known;
    }
    for (int tried = INDEX_FIRST; tried <= INDEX_LAST; tried++) {
      Ipv4 candidate = subnet.at(next);
      next = next == INDEX_LAST ? INDEX_FIRST : next + 1;
      if (!assigned.containsValue(candidate) && !taken.test(candidate)) {
        assigned.put(guest, candidate);
        return candidate;
      }
    }
    throw new IllegalStateException(
        "all "
            + (INDEX_LAST - INDEX_FIRST + 1)
            + " addresses of "
            + subnet
            + " are taken: delete a guest");
  }

  /** Takes the guest's address back; does nothing where it has none. */
  public void release(String guest) {
    assigned.remove(guest);
  }

  /** Who has which address. */
  public Map<String, Ipv4> assigned() {
    return Collections.unmodifiableMap(assigned);
  }

  /** Where the search for a free address goes on, 2 to 254. */
  public int next() {
    return next;
  }
}
