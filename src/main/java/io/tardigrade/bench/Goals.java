package io.tardigrade.bench;

import io.tardigrade.bench.Goal.Judged;
import java.util.ArrayList;
import java.util.List;

/** All that is to be reached. A goal whose row a measure does not deliver counts as not met. */
final class Goals {
  static final int[] DIRTY_PAGES_JUDGED = {0, 100, 200, 500};

  private static final double MIB = 1 << 20;

  private Goals() {}

  static List<Goal> all() {
    List<Goal> all = new ArrayList<>();
    for (int pages : DIRTY_PAGES_JUDGED) {
      all.add(pause(pages, "p50", 0.0025));
      all.add(pause(pages, "p99", 0.005));
    }
    for (GuestSize size : GuestSize.values()) {
      all.add(spareReady(size));
      all.add(guardianMemory(size));
    }
    all.add(added("p50", 0.0025));
    all.add(added("p99", 0.006));
    for (RedisLoad load : RedisLoad.values()) {
      for (String test : RedisLoad.TESTS) {
        if (load.share() > 0) {
          all.add(throughput(load, test));
        }
        all.add(againstTimer(load, test));
      }
    }
    all.add(pingAgainstTimer());
    all.add(computeSlowdown());
    all.add(computeAgainstTimer());
    for (String of : List.of("p50", "worst")) {
      all.add(recovery("hypervisor killed: guest running, " + of, 0.020));
      all.add(recovery("hypervisor killed: next reply, " + of, 0.250));
      all.add(recovery("guardian killed: next reply, " + of, 1.5));
      all.add(recovery("killed again at once: guest running, " + of, 0.100));
    }
    all.add(idle());
    return all;
  }

  static Goal pause(int pages, String of, double seconds) {
    return Goal.atMost(
        "pause",
        "pause at 128 MiB, " + pages + " dirty pages, " + of,
        Quantity.SECONDS,
        Judged.PROTECTED,
        seconds);
  }

  static Goal spareReady(GuestSize size) {
    return Goal.atMost(
        "pause",
        "new spare ready after a recovery at " + size.text() + ", worst",
        Quantity.SECONDS,
        Judged.PROTECTED,
        0.150);
  }

  static Goal guardianMemory(GuestSize size) {
    return Goal.atMost(
        "pause",
        "guardian's memory beyond the image at " + size.text(),
        Quantity.BYTES,
        Judged.PROTECTED,
        100 * MIB);
  }

  static Goal added(String of, double seconds) {
    return Goal.atMost("redis", "PING, " + of, Quantity.SECONDS, Judged.DIFFERENCE, seconds);
  }

  static Goal throughput(RedisLoad load, String test) {
    return Goal.atLeast(
        "redis", test + " " + load.text(), Quantity.PER_SECOND, Judged.RATIO, load.share());
  }

  static Goal againstTimer(RedisLoad load, String test) {
    return Goal.atLeast(
        "redis",
        test + " " + load.text() + ", fixed 25 ms timer",
        Quantity.PER_SECOND,
        Judged.RATIO,
        1);
  }

  static Goal pingAgainstTimer() {
    return Goal.atMost("redis", "PING, fixed 25 ms timer, p50", Quantity.SECONDS, Judged.RATIO, 1);
  }

  static Goal computeSlowdown() {
    return Goal.atMost("compute", "time for fixed work", Quantity.SECONDS, Judged.RATIO, 1.03);
  }

  static Goal computeAgainstTimer() {
    return Goal.atMost(
        "compute", "time for fixed work, fixed 25 ms timer", Quantity.SECONDS, Judged.RATIO, 1);
  }

  static Goal recovery(String title, double seconds) {
    return Goal.atMost("recovery", title, Quantity.SECONDS, Judged.PROTECTED, seconds);
  }

  static Goal idle() {
    return Goal.atMost(
        "resources", "CPU of an idle guest", Quantity.CORES, Judged.DIFFERENCE, 0.02);
  }
}
