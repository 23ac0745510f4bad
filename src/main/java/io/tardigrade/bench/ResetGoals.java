package io.tardigrade.bench;

import io.tardigrade.bench.Goal.Judged;
import io.tardigrade.guest.Quantities;
import java.util.ArrayList;
import java.util.List;

/** What is to be reached when the host's operating system is replaced. */
final class ResetGoals {
  /** A figure that does not depend on RAM stays within this between the least and the most. */
  static final double SAME_RATIO_MAX = 1.25;

  private ResetGoals() {}

  static List<Goal> all(ResetOptions options) {
    List<Goal> all = new ArrayList<>();
    for (ResetOptions.Part part : options.parts()) {
      switch (part) {
        case NATIVE -> addNative(options, all);
        case CARE -> {
          all.add(scrubbing());
          all.add(monitors());
        }
        case LAB -> addLab(options, all);
      }
    }
    return all;
  }

  private static void addNative(ResetOptions options, List<Goal> all) {
    for (long bytes : options.nativeMemoryBytes()) {
      all.add(nativeSum(options.nativeGuests(), bytes));
    }
    if (options.nativeMemoryBytes().size() > 1) {
      all.add(independence());
    }
  }

  private static void addLab(ResetOptions options, List<Goal> all) {
    for (LabLoad load : LabLoad.of(options)) {
      all.add(fromInit(load));
      all.add(againstReboot(load));
    }
  }

  /** Freeze, seal, load and resume. */
  static Goal nativeSum(int guests, long bytes) {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.NATIVE),
        nativeTitle(guests, bytes) + "freeze + seal + load + resume, p50",
        Quantity.SECONDS,
        Judged.PROTECTED,
        0.5);
  }

  static String nativeTitle(int guests, long bytes) {
    return LabLoad.guests(guests) + " of " + Quantities.bytes(bytes) + ": ";
  }

  static Goal independence() {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.NATIVE),
        "freeze + seal + load + resume, most RAM by least",
        Quantity.SECONDS,
        Judged.RATIO,
        SAME_RATIO_MAX);
  }

  static Goal scrubbing() {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.CARE),
        "scrubbing at its default rate",
        Quantity.CORES,
        Judged.PROTECTED,
        0.01);
  }

  static Goal monitors() {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.CARE),
        "monitors and ladder",
        Quantity.CORES,
        Judged.PROTECTED,
        0.005);
  }

  static Goal fromInit(LabLoad load) {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.LAB),
        load.title() + "next kernel's init to all guests running",
        Quantity.SECONDS,
        Judged.PROTECTED,
        3);
  }

  static Goal againstReboot(LabLoad load) {
    return Goal.atMost(
        Parts.text(ResetOptions.Part.LAB),
        load.title() + "whole blackout, until the last client's reply",
        Quantity.SECONDS,
        Judged.RATIO,
        0.2);
  }
}
