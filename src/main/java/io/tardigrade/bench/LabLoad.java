package io.tardigrade.bench;

import io.tardigrade.guest.Quantities;
import java.util.ArrayList;
import java.util.List;

/** The guests of a lab host when it is reset: so many, of so much RAM each. */
record LabLoad(int guests, long memoryBytes) {

  /**
   * All that are compared: growing RAM of one first, then growing numbers. The most guests come
   * last, so that a host which does not bear them has shown all else.
   */
  static List<LabLoad> of(ResetOptions options) {
    List<LabLoad> loads = new ArrayList<>();
    List<Long> sizes = options.memoryBytes();
    for (long bytes : options.guests().contains(1) ? sizes : sizes.subList(1, sizes.size())) {
      loads.add(new LabLoad(1, bytes));
    }
    for (int guests : options.guests()) {
      if (guests > 1) {
        loads.add(new LabLoad(guests, sizes.getFirst()));
      }
    }
    return loads;
  }

  /** How the titles of its rows begin. */
  String title() {
    return guests(guests) + " of " + Quantities.bytes(memoryBytes) + ": ";
  }

  static String guests(int count) {
    return count == 1 ? "1 guest" : count + " guests";
  }
}
