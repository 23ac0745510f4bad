package io.tardigrade.simulation;

import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.View;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a cluster of three to five hosts with one guest and two clients: for two to three
 * seconds whatever {@link Faults} think of, then nothing more, and all must be well again within a
 * bound.
 */
public final class Simulation {
  /** From the last fault until clients are answered and all backups are there. */
  public static final long MENDING_NANOS_MAX = 5_000 * World.MILLI;

  /** Some twenty times what a run takes. */
  private static final long STEPS_MAX = 300_000;

  private static final View FIRST = View.first("host1");
  private static final String FAILURE = "a member fails: ";
  private static final long SESSION_NANOS = 300 * World.MILLI;

  private final World world;
  private final Observer observer = new Observer(SimulatedGuest.UNITS);
  private final History history = new History();
  private final SimulatedNetwork network;
  private final SimulatedCoordinator coordinator;
  private final List<SimulatedHost> hosts = new ArrayList<>();
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final long[] seenNanos;
  private long steps;
  private final int backups;
  private final Faults faults;

  /**
   * How a run went.
   *
   * @param violation what happened that must never happen, empty where nothing did
   * @param log what happened, where it was asked for
   * @param answers to clients
   * @param views how often the view was changed
   * @param mendingSeconds from the end of all faults until all was well
   */
  public record Result(
      long seed,
      String violation,
      long answers,
      long epochs,
      long views,
      double mendingSeconds,
      List<String> log) {

    /** Whether a member failed with an exception, which says nothing of the protocol. */
    boolean memberFailed() {
      return violation.startsWith(FAILURE);
    }
  }

  private Simulation(long seed, Rules rules, boolean logged) {
    world = new World(seed, logged);
    int count = world.pick(3, 6);
    backups = world.pick(1, 3);
    network = new SimulatedNetwork(world);
    coordinator = new SimulatedCoordinator(world, FIRST);
    seenNanos = new long[count];
    for (int i = 1; i <= count; i++) {
      hosts.add(
          new SimulatedHost(world, "host" + i, rules, network, coordinator, this::named, observer));
    }
    for (int i = 0; i < SimulatedGuest.CLIENTS; i++) {
      clients.add(new SimulatedClient(world, i, hosts, history));
    }
    faults = new Faults(world, hosts, network, coordinator, backups);
  }

  /** The run of {@code seed}, the same each time. */
  public static Result run(long seed, Rules rules, boolean logged) {
    Simulation simulation = new Simulation(seed, rules, logged);
    String violation = "";
    long mendingNanos = 0;
    try {
      mendingNanos = simulation.play();
    } catch (ViolationException e) {
      violation = String.valueOf(e.getMessage());
    } catch (RuntimeException e) {
      violation = FAILURE + e + at(e);
    }
    String found = violation;
    if (!found.isEmpty()) {
      simulation.world.log(() -> "VIOLATION " + found);
    }
    return new Result(
        seed,
        found,
        simulation.history.answers(),
        simulation.observer.epochsReleased(),
        simulation.coordinator.stored().number() - FIRST.number(),
        mendingNanos / 1e9,
        List.copyOf(simulation.world.lines()));
  }

  private static String at(RuntimeException e) {
    StackTraceElement[] trace = e.getStackTrace();
    return trace.length == 0 ? "" : " at " + trace[0];
  }

  private SimulatedHost named(String name) {
    return hosts.stream()
        .filter(host -> host.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new ViolationException("a message is sent to '" + name + "'"));
  }

  private long play() {
    world.log(() -> hosts.size() + " hosts, " + backups + " backups wanted");
    hosts.getFirst().store().initialise();
    hosts.forEach(host -> host.start(backups));
    sessions();
    faults.begin();
    long endNanos = world.millis(2000, 3000);
    while (world.nowNanos() < endNanos) {
      step();
    }
    faults.end();
    // What was asked before may be answered late; what is asked from now on shows that all is well.
    long answersThen = history.answers() + 2L * clients.size();
    while (!isWell() || history.answers() < answersThen) {
      step();
      if (world.nowNanos() - endNanos > MENDING_NANOS_MAX) {
        throw new ViolationException("not well again: " + state());
      }
    }
    clients.forEach(SimulatedClient::stop);
    while (clients.stream().anyMatch(SimulatedClient::isWaiting)) {
      step();
      if (world.nowNanos() - endNanos > MENDING_NANOS_MAX) {
        throw new ViolationException("clients are not answered: " + state());
      }
    }
    history.check();
    long mendingNanos = world.nowNanos() - endNanos;
    world.log(() -> "well again after " + mendingNanos / World.MILLI + " ms: " + state());
    return mendingNanos;
  }

  private void step() {
    if (++steps > STEPS_MAX) {
      throw new ViolationException("more than " + STEPS_MAX + " steps: " + state());
    }
    world.step();
    observer.check(coordinator.stored());
  }

  /** Sessions expire at the coordinator where a host is not seen; all are told who is there. */
  private void sessions() {
    List<HostRoom> rooms = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      SimulatedHost host = hosts.get(i);
      if (host.isUp() && !host.isPaused() && coordinator.isReachedBy(host.name())) {
        seenNanos[i] = world.nowNanos();
      }
      boolean ready = world.nowNanos() - seenNanos[i] < SESSION_NANOS;
      rooms.add(new HostRoom(host.name(), "", 1, ready));
    }
    for (SimulatedHost host : hosts) {
      if (coordinator.isReachedBy(host.name())) {
        host.hosts(rooms);
      }
    }
    world.after(50 * World.MILLI, this::sessions);
  }

  private boolean isWell() {
    View view = coordinator.stored();
    SimulatedHost primary = named(view.primary());
    return view.backups().size() == backups
        && hosts.stream().noneMatch(host -> host != primary && host.guest().hasHypervisor())
        && primary.guest().isRunning()
        && primary.member().view().equals(view)
        && primary.member().protection().text().equals(backups + "/" + backups);
  }

  private String state() {
    StringBuilder text = new StringBuilder(coordinator.stored().toString());
    for (SimulatedHost host : hosts) {
      text.append("; ").append(host.name()).append(' ');
      if (host.isUp()) {
        text.append(host.member().leads() ? "leads " : "knows ").append(host.member().view());
      } else {
        text.append("is down");
      }
      text.append(host.store().isWhole() ? ", whole at " : ", not whole at ")
          .append(host.store().newest());
    }
    return text.toString();
  }
}
