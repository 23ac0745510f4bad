package io.tardigrade.cluster;

import io.tardigrade.coordination.Coordination;
import io.tardigrade.links.BadWire;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.links.GuestLinks;
import io.tardigrade.links.Inbox;
import io.tardigrade.links.LinkListener;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replica.Snapshot;
import io.tardigrade.replica.TestGuest;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.GuestControl;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.StoreFullException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A host with real links, a real coordinator, a real store and a member in its thread; its guest is
 * made up. All its ways lead over bad wires.
 */
final class ClusterHost implements AutoCloseable, GuestControl, Inbox {
  static final String GUEST = "kv-1";

  final String name;
  final ReplicaStore store;
  private final Map<EpochId, Snapshot> snapshots;
  private @Nullable TestGuest guest;
  final List<String> said;
  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  final Map<String, BadWire> wires = new ConcurrentHashMap<>();
  final BadWire toCoordinator;
  final LinkListener listener;
  private final Coordination coordination;
  private final GuestLinks links;
  private final MemberThread member;
  volatile boolean runs;
  volatile long ranSinceNanos;
  volatile EpochId ranFrom = EpochId.NONE;
  volatile EpochId released = EpochId.NONE;
  private volatile boolean frozen;
  private volatile boolean closed;

  /**
   * @param founds whether it holds the guest at first
   * @param snapshots what the guest was at each epoch, on whatever host
   */
  ClusterHost(
      String name,
      ClusterTls tls,
      int coordinatorPort,
      Path folder,
      boolean founds,
      Map<EpochId, Snapshot> snapshots,
      List<String> said)
      throws Exception {
    this.name = name;
    this.snapshots = snapshots;
    store =
        founds
            ? ReplicaStore.found(TestGuest.files(folder), 1)
            : ReplicaStore.open(TestGuest.files(folder), 1);
    this.said = said;
    toCoordinator = new BadWire(coordinatorPort);
    coordination = new Coordination("127.0.0.1:" + toCoordinator.address().getPort(), this::say);
    listener =
        new LinkListener(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), tls, this, this::say);
    links =
        new GuestLinks(
            GUEST,
            tls,
            host -> wires.containsKey(host) ? wires.get(host).address() : null,
            this::say);
    MemberThread[] made = new MemberThread[1];
    Ports ports =
        new Ports(
            links,
            coordination.coordinator(GUEST, view -> made[0].onView(view)),
            store,
            this,
            this::say);
    made[0] =
        new MemberThread(new Identity(name, System.nanoTime()), ports, new Rules(), failures::add);
    member = made[0];
  }

  private void say(String line) {
    said.add(System.nanoTime() / 1_000_000 % 1_000_000 + " " + name + ": " + line);
  }

  Coordination coordination() {
    return coordination;
  }

  MemberThread member() {
    return member;
  }

  /** The guest: captured every few milliseconds while it runs here. */
  void live() {
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (!closed) {
              Thread.sleep(10);
              if (runs && !frozen) {
                member.call(m -> capture(m)).get();
              }
            }
          } catch (Exception e) {
            if (!closed) {
              failures.add(e);
            }
          }
        });
  }

  private boolean capture(Member at) {
    TestGuest running = guest;
    if (running == null || !at.mayCapture()) {
      return false;
    }
    return checkpoint(at, running);
  }

  private boolean checkpoint(Member at, TestGuest running) {
    EpochId id = at.nextEpoch();
    try {
      running.work();
      Snapshot taken = running.capture(id);
      if (taken == null) {
        return false;
      }
      snapshots.put(id, taken);
    } catch (IOException | StoreFullException e) {
      throw new IllegalStateException(e);
    }
    at.onCaptured(id, System.nanoTime());
    return true;
  }

  @Override
  public boolean admits(String host, String guest) {
    return guest.equals(GUEST);
  }

  @Override
  public void take(String guest, String from, Message message) {
    try {
      member.onMessage(from, message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void prepare(EpochId from) {}

  @Override
  public void run(EpochId from) {
    try {
      store.bringToNewest();
      TestGuest restored = TestGuest.run(store, new Random(from.epoch()));
      snapshots.computeIfAbsent(from, first -> restored.now()).check(restored.now(), name);
      guest = restored;
    } catch (IOException | StoreFullException e) {
      throw new IllegalStateException(e);
    }
    ranFrom = from;
    frozen = false;
    ranSinceNanos = System.nanoTime();
    runs = true;
  }

  @Override
  public void release(EpochId upTo) {
    released = upTo;
  }

  @Override
  public void freeze() {
    frozen = true;
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (!member.call(this::captureLast).get()) {
              Thread.sleep(1);
            }
          } catch (Exception e) {
            failures.add(e);
          }
        });
  }

  private boolean captureLast(Member at) {
    TestGuest running = guest;
    if (running == null) {
      return true;
    }
    if (!checkpoint(at, running)) {
      return false;
    }
    at.onFrozen(System.nanoTime());
    return true;
  }

  @Override
  public void thaw() {
    frozen = false;
  }

  @Override
  public void discard() {
    runs = false;
    if (guest != null) {
      guest = null;
      store.endRun();
    }
  }

  /** Nothing comes from it any longer, nor reaches it, as with a machine without power. */
  void vanish(boolean away, List<ClusterHost> others) {
    toCoordinator.hold(away);
    wires.values().forEach(wire -> wire.hold(away));
    for (ClusterHost other : others) {
      if (other != this) {
        other.wires.get(name).hold(away);
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    member.close();
    links.close();
    listener.close();
    coordination.close();
    store.close();
    toCoordinator.close();
    for (BadWire wire : wires.values()) {
      wire.close();
    }
  }
}
