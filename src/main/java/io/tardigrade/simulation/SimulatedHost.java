package io.tardigrade.simulation;

import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.Pulse;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A host with its member. May crash, with its memory kept or lost, stand still and go on as if
 * nothing had been, and be cut off from clients. Its clock has an offset and a rate of its own.
 */
final class SimulatedHost {
  private final World world;
  private final String name;
  private final Rules rules;
  private final SimulatedNetwork network;
  private final SimulatedCoordinator coordinator;
  private final Function<String, SimulatedHost> others;
  private final SimulatedStore store;
  private final SimulatedGuest guest;
  private final List<Runnable> held = new ArrayList<>();
  private final long offsetNanos;
  private final double rate;
  private final Pulse pulse;
  private @Nullable Member member;
  private boolean paused;
  private boolean busy;
  private long ranNanos;
  private long run;

  SimulatedHost(
      World world,
      String name,
      Rules rules,
      SimulatedNetwork network,
      SimulatedCoordinator coordinator,
      Function<String, SimulatedHost> others,
      Observer observer) {
    this.world = world;
    this.name = name;
    this.rules = rules;
    this.network = network;
    this.coordinator = coordinator;
    this.others = others;
    this.store = new SimulatedStore(name, SimulatedGuest.UNITS, observer);
    this.guest = new SimulatedGuest(world, this, observer);
    this.offsetNanos = world.pick(0, 1_000_000_000);
    this.rate = 1 + world.pick(-200, 200) * 1e-6;
    this.pulse = new Pulse((to, message) -> send(to, message), () -> ranNanos);
    observer.watch(name, store);
  }

  String name() {
    return name;
  }

  SimulatedStore store() {
    return store;
  }

  SimulatedGuest guest() {
    return guest;
  }

  boolean isUp() {
    return member != null;
  }

  boolean isPaused() {
    return paused;
  }

  Member member() {
    Member running = member;
    if (running == null) {
      throw new ViolationException(name + " does something while it is down");
    }
    return running;
  }

  private long clockNanos() {
    return offsetNanos + (long) (world.nowNanos() * rate);
  }

  void start(int backups) {
    run = world.number();
    pulse.begins(clockNanos());
    Ports ports =
        new Ports(pulse, new Asking(), store, guest, line -> world.log(() -> name + ": " + line));
    Member started = new Member(new Identity(name, run), ports, rules, clockNanos());
    started.protect(backups, 1);
    member = started;
    tick();
  }

  /** The way to the coordinator; answers come to the run that asked. */
  private final class Asking implements Coordinator {
    @Override
    public void read() {
      coordinator.read(name, answer());
    }

    @Override
    public void propose(View next) {
      coordinator.propose(name, next, answer());
    }

    private java.util.function.Consumer<View> answer() {
      long of = run;
      return view -> now(of, () -> member().onView(view, clockNanos()));
    }
  }

  private void tick() {
    pulse.begins(clockNanos());
    member().tick(clockNanos());
    after(Timeouts.BEAT_NANOS, this::tick);
  }

  void wish(int backups) {
    now(run, () -> member().protect(backups, 1));
  }

  void hosts(List<HostRoom> known) {
    now(run, () -> member().onHosts(known));
  }

  void switchOver(String target) {
    now(
        run,
        () -> {
          String against = member().switchOver(target, clockNanos());
          world.log(() ->
              name
                  + ": asked to switch over to "
                  + target
                  + ": "
                  + (against.isEmpty() ? "begins" : against));
        });
  }

  void failOver() {
    now(
        run,
        () -> {
          String against = member().failOver(clockNanos());
          world.log(
              () -> name + ": told to take over: " + (against.isEmpty() ? "begins" : against));
        });
  }

  void captured(EpochId id) {
    member().onCaptured(id, clockNanos());
  }

  void frozen() {
    member().onFrozen(clockNanos());
  }

  /**
   * Later on this host; never where it crashes before, and only once it goes on where it stands.
   */
  void after(long delayNanos, Runnable action) {
    long of = run;
    world.after(delayNanos, () -> now(of, action));
  }

  private void now(long of, Runnable action) {
    if (of != run || member == null) {
      return;
    }
    if (paused) {
      held.add(action);
    } else {
      action.run();
    }
  }

  private void send(String to, Message message) {
    SimulatedHost receiver = others.apply(to);
    network.send(name, to, message, receiver::take);
  }

  private void take(String from, Message message) {
    if (message instanceof Message.Beat beat && (busy || !paused)) {
      pulse.heard(from, beat);
    }
    now(
        run,
        () -> {
          pulse.begins(clockNanos());
          member().onMessage(from, message, clockNanos());
        });
  }

  void fromClient(SimulatedGuest.Request request) {
    now(run, () -> guest.request(request));
  }

  void toClient(SimulatedGuest.Request request, long answer) {
    world.after(world.millis(0.1, 1), () -> request.from().answered(request.number(), answer));
  }

  void crash(boolean lost) {
    member = null;
    paused = false;
    busy = false;
    held.clear();
    guest.discard();
    store.crash(lost);
  }

  void pause() {
    paused = true;
  }

  /**
   * Only its member stands still; others hear of it that it lives.
   *
   * @param computes what it is busy with: whether it computes, or waits
   */
  void beBusy(boolean computes) {
    paused = true;
    busy = true;
    pulse(run, computes);
  }

  private void pulse(long of, boolean computes) {
    if (of == run && busy) {
      if (computes) {
        ranNanos++;
      }
      pulse.look(clockNanos());
      world.after(Timeouts.BEAT_NANOS, () -> pulse(of, computes));
    }
  }

  void goOn() {
    paused = false;
    busy = false;
    List<Runnable> missed = List.copyOf(held);
    held.clear();
    long of = run;
    missed.forEach(action -> now(of, action));
  }
}
