package io.tardigrade.simulation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client that swaps or reads the register, one request at a time, and asks again until it is
 * answered. Its frames reach every host that answers to the guest's address.
 */
final class SimulatedClient {
  private static final long RETRY_NANOS = 40 * World.MILLI;
  private static final long VALUES = 1_000_000;

  private final World world;
  private final int number;
  private final List<SimulatedHost> hosts;
  private final History history;
  private long requests;
  private History.@Nullable Operation waiting;
  private boolean stopped;

  SimulatedClient(World world, int number, List<SimulatedHost> hosts, History history) {
    this.world = world;
    this.number = number;
    this.hosts = hosts;
    this.history = history;
    world.after(world.millis(1, 60), this::ask);
  }

  int number() {
    return number;
  }

  /** Asks nothing more. */
  void stop() {
    stopped = true;
  }

  boolean isWaiting() {
    return waiting != null;
  }

  private void ask() {
    if (stopped) {
      return;
    }
    requests++;
    long stored = world.chance(0.3) ? 0 : (number + 1) * VALUES + requests;
    waiting = history.asked(number, stored, world.nowNanos());
    send(new SimulatedGuest.Request(this, requests, stored));
  }

  private void send(SimulatedGuest.Request request) {
    if (waiting == null || request.number() != requests) {
      return;
    }
    for (SimulatedHost host : hosts) {
      world.after(world.millis(0.1, 1), () -> host.fromClient(request));
    }
    world.after(RETRY_NANOS, () -> send(request));
  }

  /** An answer comes in. */
  void answered(long request, long answer) {
    History.Operation operation = waiting;
    if (operation != null && request == requests) {
      waiting = null;
      history.answered(operation, answer, world.nowNanos());
      world.after(world.millis(2, 50), this::ask);
    }
  }
}
