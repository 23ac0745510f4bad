package io.tardigrade.simulation;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.GuestControl;
import io.tardigrade.replication.StoreFullException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A guest with a register in its memory, the newest request of each client and its answer, and
 * pages that change for no reason. Answers wait in the output gate for their epoch.
 *
 * <pre>
 *   unit 0            the register
 *   1 + c             number of client c's newest request
 *   1 + CLIENTS + c   what it was answered
 *   the rest          changes with every request
 * </pre>
 */
final class SimulatedGuest implements GuestControl {
  static final int CLIENTS = 2;
  static final int UNITS = 1 + 2 * CLIENTS + 5;

  private final World world;
  private final SimulatedHost host;
  private final Observer observer;
  private final List<Frame> gate = new ArrayList<>();
  private final boolean[] dirty = new boolean[UNITS];
  private long @Nullable [] memory;
  private @Nullable EpochId newest;
  private @Nullable EpochId prepared;
  private boolean frozen;
  private boolean due;
  private int generation;

  /** A request of a client. */
  record Request(SimulatedClient from, long number, long stored) {}

  private record Frame(Request request, long answer, @Nullable EpochId epoch) {}

  SimulatedGuest(World world, SimulatedHost host, Observer observer) {
    this.world = world;
    this.host = host;
    this.observer = observer;
  }

  boolean isRunning() {
    return memory != null;
  }

  /** Whether there is one, running or prepared. */
  boolean hasHypervisor() {
    return memory != null || prepared != null;
  }

  @Override
  public void prepare(EpochId from) {
    if (hasHypervisor()) {
      throw new ViolationException(
          host.name() + " prepares a hypervisor and has not discarded the one before");
    }
    prepared = from;
  }

  @Override
  public void run(EpochId from) {
    if (memory != null || (prepared != null && !prepared.equals(from))) {
      throw new ViolationException(
          host.name() + " runs the guest from " + from + " beside a hypervisor of another epoch");
    }
    prepared = null;
    boot(from);
  }

  private void boot(EpochId from) {
    host.store().bringTo(from);
    long[] restored = host.store().contentAt(from);
    observer.checkContent(host.name(), from, restored);
    memory = restored;
    newest = from;
    due = false;
    Arrays.fill(dirty, false);
    generation++;
    world.log(() -> host.name() + " runs the guest from epoch " + from);
    heartbeat(generation);
  }

  /** The hypervisor dies; its guardian goes on from the newest sealed epoch. */
  void crash() {
    EpochId from = newest;
    if (memory != null && from != null && !frozen) {
      gate.removeIf(frame -> frame.epoch() == null);
      boot(from);
    }
  }

  @Override
  public void discard() {
    memory = null;
    newest = null;
    prepared = null;
    frozen = false;
    generation++;
    gate.clear();
  }

  private void heartbeat(int of) {
    host.after(
        world.millis(150, 250),
        () -> {
          if (of == generation) {
            write(UNITS - 1, world.number());
            capture();
            heartbeat(of);
          }
        });
  }

  /** A frame comes in. */
  void request(Request request) {
    long[] now = memory;
    if (now == null || frozen) {
      return;
    }
    int client = request.from().number();
    if (request.number() > now[1 + client]) {
      write(1 + CLIENTS + client, now[0]);
      write(1 + client, request.number());
      if (request.stored() != 0) {
        write(0, request.stored());
      }
      write(1 + 2 * CLIENTS + world.pick(0, 5), world.number());
    }
    if (request.number() == now[1 + client]) {
      gate.add(new Frame(request, now[1 + CLIENTS + client], null));
      captureSoon();
    }
  }

  private void write(int unit, long value) {
    long[] now = memory;
    if (now != null) {
      now[unit] = value;
      dirty[unit] = true;
    }
  }

  private void captureSoon() {
    if (!due) {
      due = true;
      int of = generation;
      host.after(
          world.millis(0.5, 4),
          () -> {
            if (of == generation && due) {
              due = false;
              capture();
            }
          });
    }
  }

  private void capture() {
    if (!frozen && !(host.member().mayCapture() && checkpoint())) {
      captureSoon();
    }
  }

  private boolean checkpoint() {
    long[] now = memory;
    EpochId parent = newest;
    if (now == null || parent == null) {
      return false;
    }
    EpochId id = host.member().nextEpoch();
    int[] units = new int[UNITS];
    int count = 0;
    for (int unit = 0; unit < UNITS; unit++) {
      if (dirty[unit]) {
        units[count++] = unit;
      }
    }
    int parts = Math.max(1, Math.min(count, world.pick(1, 4)));
    try {
      for (int part = 0; part < parts; part++) {
        host.store()
            .stage(
                id,
                part,
                SimulatedStore.changes(
                    units, count * part / parts, count * (part + 1) / parts, now));
      }
    } catch (StoreFullException e) {
      host.store().unstage();
      return false;
    }
    Arrays.fill(dirty, false);
    observer.captured(id, parent, now.clone());
    newest = id;
    gate.replaceAll(
        frame -> frame.epoch() == null ? new Frame(frame.request(), frame.answer(), id) : frame);
    host.captured(id);
    return true;
  }

  @Override
  public void release(EpochId upTo) {
    while (!gate.isEmpty()) {
      Frame frame = gate.getFirst();
      EpochId epoch = frame.epoch();
      if (epoch == null || epoch.epoch() > upTo.epoch()) {
        return;
      }
      gate.removeFirst();
      observer.released(host.name(), epoch);
      host.toClient(frame.request(), frame.answer());
    }
  }

  @Override
  public void freeze() {
    host.after(
        world.millis(0.5, 4),
        () -> {
          if (memory != null && checkpoint()) {
            frozen = true;
            host.frozen();
          }
        });
  }

  @Override
  public void thaw() {
    frozen = false;
    captureSoon();
  }
}
