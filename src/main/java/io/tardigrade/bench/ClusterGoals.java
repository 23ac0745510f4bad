package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.bench.Goal.Judged;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is to be reached by guests that other hosts keep. */
final class ClusterGoals {
  static final String TAKEOVER_RUNNING = "machine lost: guest running elsewhere";
  static final String SWITCHOVER = "switchover: client without an answer";
  static final List<String> OF = List.of("p50", "worst");
  private static final double MIB = 1 << 20;

  private ClusterGoals() {}

  static List<Goal> all(ClusterOptions options) {
    List<Goal> all = new ArrayList<>();
    for (Part part : Part.values()) {
      if (options.parts().contains(part)) {
        add(part, options, all);
      }
    }
    return all;
  }

  private static void add(Part part, ClusterOptions options, List<Goal> all) {
    switch (part) {
      case LATENCY -> {
        for (int backups : options.backups()) {
          options.delaysNanos().forEach(delay -> all.add(added(backups, delay)));
        }
      }
      case WIRE -> {
        for (WireLoad load : WireLoad.values()) {
          all.add(wire(load));
        }
      }
      case BLACKOUT -> {
        for (String of : OF) {
          all.add(switchover(of));
          all.add(takeover(of));
        }
      }
      case MEMORY -> options.memory().forEach(size -> all.add(memory(size)));
      case LOAD -> all.add(calm(options));
    }
  }

  /** Like {@code 2 backups, 1 ms}. */
  static String title(int backups, long delayNanos) {
    return String.format(
        Locale.ROOT,
        "%s, links of %d ms: ",
        backups == 1 ? "1 backup" : backups + " backups",
        delayNanos / 1_000_000);
  }

  /** Beyond a local checkpoint: there and back, and a millisecond and a half. */
  static Goal added(int backups, long delayNanos) {
    return Goal.atMost(
        Parts.text(Part.LATENCY),
        title(backups, delayNanos) + "PING, p50",
        Quantity.SECONDS,
        Judged.DIFFERENCE,
        2 * delayNanos / 1e9 + 0.0015);
  }

  static Goal wire(WireLoad load) {
    return Goal.atMost(
        Parts.text(Part.WIRE),
        load.text() + ": sent to a backup by dirtied",
        Quantity.RATIO,
        Judged.PROTECTED,
        0.1);
  }

  static Goal switchover(String of) {
    return Goal.atMost(
        Parts.text(Part.BLACKOUT),
        SWITCHOVER + ", " + of,
        Quantity.SECONDS,
        Judged.PROTECTED,
        0.100);
  }

  static Goal takeover(String of) {
    return Goal.atMost(
        Parts.text(Part.BLACKOUT),
        TAKEOVER_RUNNING + ", " + of,
        Quantity.SECONDS,
        Judged.PROTECTED,
        0.400);
  }

  static Goal memory(GuestSize size) {
    return Goal.atMost(
        Parts.text(Part.MEMORY),
        "on a backup beyond guest RAM of " + size.text(),
        Quantity.BYTES,
        Judged.PROTECTED,
        150 * MIB);
  }

  static Goal calm(ClusterOptions options) {
    return Goal.atMost(
        Parts.text(Part.LOAD),
        "false takeovers in " + options.busySeconds() + " s of full load on all processors",
        Quantity.COUNT,
        Judged.PROTECTED,
        0);
  }
}
