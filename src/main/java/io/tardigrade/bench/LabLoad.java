package io.tardigrade.bench;

import io.tardigrade.guest.Quantities;
import java.util.ArrayList;
import java.util.List;

/** The guests of a lab host when it is reset: so many, of so much RAM each. */
record LabLoad(int guests, long memoryBytes) {

  /** All that are compared: growing numbers first, then growing RAM of one. */
  static List<LabLoad> of(ResetOptions options) {
    List<LabLoad> loads = new ArrayList<>();
    for (int guests : options.guests()) {
      loads.add(new LabLoad(guests, options.memoryBytes().getFirst()));
    }
    for (long bytes : options.memoryBytes().subList(1, options.memoryBytes().size())) {
      loads.add(new LabLoad(1, bytes));
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
