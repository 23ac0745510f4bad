package io.tardigrade.simulation;

import io.tardigrade.replication.View;
import java.util.ArrayList;
import java.util.List;

/**
 * What befalls a cluster, by chance: several things at once, each ending by itself. Memory is never
 * lost of the last host that could go on with the guest: that loses it, and nothing is to be learnt
 * from it.
 */
final class Faults {
  private final World world;
  private final List<SimulatedHost> hosts;
  private final SimulatedNetwork network;
  private final SimulatedCoordinator coordinator;
  private final int backups;
  private int wished;
  private final double gapMillisMax;
  private final List<Runnable> kinds = new ArrayList<>();
  private boolean ended;

  Faults(
      World world,
      List<SimulatedHost> hosts,
      SimulatedNetwork network,
      SimulatedCoordinator coordinator,
      int backups) {
    this.world = world;
    this.hosts = hosts;
    this.network = network;
    this.coordinator = coordinator;
    this.backups = backups;
    this.wished = backups;
    this.gapMillisMax = world.pick(60, 900);
    chooseKinds();
  }

  /** Each run knows some kinds only: what is rare among all is frequent in some runs. */
  private void chooseKinds() {
    List<Runnable> all =
        List.of(
            () -> crash(target(), true),
            () -> crash(target(), true),
            () -> crash(target(), false),
            () -> pause(target(), 5, 900),
            () -> occupy(target()),
            () -> cut(target(), false),
            () -> cut(target(), true),
            () -> isolate(target()),
            this::disturbLinks,
            this::disturbCoordinator,
            () -> coordinatorFromHost(target()),
            () -> fill(target()),
            this::switchOver,
            this::wishOtherwise,
            this::doubt,
            this::hypervisor);
    double share = 0.15 + 0.1 * world.pick(0, 9);
    all.stream().filter(kind -> world.chance(share)).forEach(kinds::add);
    if (kinds.isEmpty()) {
      kinds.addAll(all);
    }
  }

  void begin() {
    world.after(world.millis(50, 400), this::befall);
  }

  /** Mends everything. */
  void end() {
    ended = true;
    network.heal();
    coordinator.heal();
    wish(backups);
    for (SimulatedHost host : hosts) {
      host.store().setFull(false);
      if (!host.isUp()) {
        host.start(backups);
      } else if (host.isPaused()) {
        host.goOn();
      }
    }
    world.log(() -> "everything is mended");
  }

  private void befall() {
    if (ended) {
      return;
    }
    kinds.get(world.pick(0, kinds.size())).run();
    world.after(world.millis(5, gapMillisMax), this::befall);
  }

  /** Mostly who matters: the primary, or whoever is being synchronised. */
  private SimulatedHost target() {
    if (world.chance(0.4)) {
      return named(coordinator.stored().primary());
    }
    SimulatedHost any = hosts.get(world.pick(0, hosts.size()));
    if (world.chance(0.3)) {
      return hosts.stream().filter(h -> h.isUp() && !h.store().isWhole()).findAny().orElse(any);
    }
    return any;
  }

  private SimulatedHost named(String name) {
    return hosts.stream().filter(host -> host.name().equals(name)).findFirst().orElseThrow();
  }

  private void log(String line) {
    world.log(() -> "FAULT " + line);
  }

  private void later(double fromMillis, double toMillis, Runnable mend) {
    world.after(
        world.millis(fromMillis, toMillis),
        () -> {
          if (!ended) {
            mend.run();
          }
        });
  }

  private void crash(SimulatedHost host, boolean lose) {
    if (!host.isUp()) {
      return;
    }
    boolean lost = lose && othersCanGoOn(host);
    log(host.name() + " crashes, its memory is " + (lost ? "lost" : "kept"));
    host.crash(lost);
    later(
        1,
        world.chance(0.5) ? 30 : 900,
        () -> {
          if (!host.isUp()) {
            log(host.name() + " starts again");
            host.start(wished);
          }
        });
  }

  /** Whether some other host could lead, whichever of the views on their way is stored. */
  private boolean othersCanGoOn(SimulatedHost host) {
    return coordinator.possible().stream()
        .allMatch(view ->
            hosts.stream()
                .anyMatch(other ->
                    other != host && view.hasMember(other.name()) && other.store().isWhole()));
  }

  private void pause(SimulatedHost host, double fromMillis, double toMillis) {
    if (host.isUp() && !host.isPaused()) {
      log(host.name() + " stands still");
      host.pause();
      goOnLater(host, fromMillis, toMillis);
    }
  }

  private void occupy(SimulatedHost host) {
    if (host.isUp() && !host.isPaused()) {
      boolean computes = world.chance(0.5);
      log(host.name() + (computes ? " computes one thing" : " waits for one thing"));
      host.beBusy(computes);
      goOnLater(host, 5, computes ? 5_000 : 2_500);
    }
  }

  private void goOnLater(SimulatedHost host, double fromMillis, double toMillis) {
    later(
        fromMillis,
        toMillis,
        () -> {
          if (host.isUp() && host.isPaused()) {
            log(host.name() + " goes on");
            host.goOn();
          }
        });
  }

  private void cut(SimulatedHost host, boolean oneWay) {
    SimulatedHost other = hosts.get(world.pick(0, hosts.size()));
    if (other == host) {
      return;
    }
    boolean swap = world.chance(0.5);
    String from = swap ? other.name() : host.name();
    String to = swap ? host.name() : other.name();
    log("nothing comes from " + from + " to " + to + (oneWay ? "" : ", nor back"));
    network.cut(from, to);
    if (!oneWay) {
      network.cut(to, from);
    }
    later(
        20,
        700,
        () -> {
          network.mend(from, to);
          network.mend(to, from);
          log("link between " + from + " and " + to + " is mended");
        });
  }

  private void isolate(SimulatedHost host) {
    boolean fromCoordinator = world.chance(0.6);
    log(
        host.name()
            + " is cut off from all hosts"
            + (fromCoordinator ? " and the coordinator" : ""));
    for (SimulatedHost other : hosts) {
      network.cut(host.name(), other.name());
      network.cut(other.name(), host.name());
    }
    if (fromCoordinator) {
      coordinator.cutOff(host.name());
    }
    later(
        20,
        900,
        () -> {
          for (SimulatedHost other : hosts) {
            network.mend(host.name(), other.name());
            network.mend(other.name(), host.name());
          }
          coordinator.mend(host.name());
          log(host.name() + " is reached again");
        });
  }

  private void disturbLinks() {
    double loss = world.chance(0.5) ? world.pick(1, 30) / 100.0 : 0;
    double doubled = world.chance(0.5) ? world.pick(1, 40) / 100.0 : 0;
    double corrupt = world.chance(0.3) ? world.pick(1, 20) / 100.0 : 0;
    double delay = world.chance(0.6) ? world.pick(2, 150) : 2;
    log(
        "links: loss "
            + loss
            + ", doubled "
            + doubled
            + ", corrupted "
            + corrupt
            + ", delay up to "
            + delay
            + " ms");
    network.disturb(loss, doubled, corrupt, delay);
    later(20, 800, network::calm);
  }

  private void disturbCoordinator() {
    if (world.chance(0.4)) {
      log("coordinator is out");
      coordinator.setOut(true);
      later(
          20,
          900,
          () -> {
            coordinator.setOut(false);
            log("coordinator is back");
          });
    } else {
      double loss = world.pick(0, 60) / 100.0;
      double delay = world.pick(3, 300);
      log("coordinator: loss " + loss + ", delay up to " + delay + " ms");
      coordinator.disturb(loss, delay);
      later(20, 800, () -> coordinator.disturb(0, 3));
    }
  }

  /** The primary stands still just long enough to be suspected, while the coordinator is slow. */
  private void doubt() {
    log("the coordinator is slow");
    coordinator.disturb(0, 300);
    pause(named(coordinator.stored().primary()), 200, 400);
    later(400, 700, () -> coordinator.disturb(0, 3));
  }

  private void coordinatorFromHost(SimulatedHost host) {
    log(host.name() + " is cut off from the coordinator");
    coordinator.cutOff(host.name());
    later(20, 900, () -> coordinator.mend(host.name()));
  }

  private void fill(SimulatedHost host) {
    log(host.name() + " has no space");
    host.store().setFull(true);
    later(20, 500, () -> host.store().setFull(false));
  }

  private void switchOver() {
    View view = coordinator.stored();
    if (view.backups().isEmpty()) {
      return;
    }
    String target = view.backups().get(world.pick(0, view.backups().size()));
    if (view.number() % 4 == 0) {
      named(target).failOver();
    } else {
      named(view.primary()).switchOver(target);
    }
  }

  /** Users wish for more backups, fewer or none, and for a while get what they wish. */
  private void wishOtherwise() {
    wish(world.pick(0, hosts.size()));
    later(50, 900, () -> wish(backups));
  }

  private void wish(int count) {
    log(count + " backups are wished for");
    wished = count;
    hosts.forEach(host -> host.wish(count));
  }

  private void hypervisor() {
    SimulatedHost host = named(coordinator.stored().primary());
    if (host.isUp() && !host.isPaused()) {
      log("hypervisor on " + host.name() + " dies");
      host.guest().crash();
    }
  }
}
