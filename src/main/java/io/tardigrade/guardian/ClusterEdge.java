package io.tardigrade.guardian;

import io.tardigrade.cluster.MemberThread;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What connects a guest's member with the register of guests: says where this guardian listens,
 * knows where the others do; while this host leads, has hosts that its member invites assigned, and
 * unassigned what it needs no longer. A thread of its own, which waits for the coordination
 * service; while that is out all stays as it was.
 */
final class ClusterEdge implements AutoCloseable {
  private static final long LOOK_MILLIS = 500;

  private final GuestRegister register;
  private final String id;
  private final String self;
  private final InetSocketAddress listens;
  private final MemberThread member;
  private final ColdStarting cold;
  private final Map<String, InetSocketAddress> addresses = new ConcurrentHashMap<>();
  private final Set<String> wanted = ConcurrentHashMap.newKeySet();
  private final Assignments assignments = new Assignments();
  private final Semaphore looks = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;
  private String fault = "";

  /** What the member's thread tells of itself. */
  private record Part(boolean leads, View view, Set<String> attached) {}

  /**
   * @param listens where this guardian takes links
   * @param cold looks after a guest whose memory is lost
   */
  ClusterEdge(
      GuestRegister register,
      String id,
      String self,
      InetSocketAddress listens,
      MemberThread member,
      ColdStarting cold) {
    this.cold = cold;
    this.register = register;
    this.id = id;
    this.self = self;
    this.listens = listens;
    this.member = member;
    this.thread = Thread.ofPlatform().name("cluster").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Where a host's guardian of the guest listens; any thread, never waits. */
  @Nullable InetSocketAddress address(String host) {
    InetSocketAddress known = addresses.get(host);
    if (known == null && wanted.add(host)) {
      looks.release();
    }
    return known;
  }

  private void run() {
    try {
      while (!closed) {
        try {
          look();
          fault = "";
        } catch (IOException e) {
          String found = String.valueOf(e.getMessage());
          if (!found.equals(fault)) {
            fault = found;
            Log.warn(found);
          }
        }
        if (looks.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          looks.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | CancellationException e) {
      // The member has ended, and whoever ended it knows why.
    }
  }

  private void look() throws IOException, InterruptedException, ExecutionException {
    register.announcePort(id, self, listens);
    List<String> listening = register.listening(id);
    addresses.keySet().retainAll(listening);
    for (String host : listening) {
      if (!host.equals(self)) {
        register.port(id, host).ifPresent(at -> addresses.put(host, at));
      }
    }
    Part part = member.call(m -> new Part(m.leads(), m.view(), Set.copyOf(m.attached()))).get();
    if (part.leads()) {
      assign(part);
    }
    wanted.clear();
    cold.look();
  }

  private void assign(Part part) throws IOException {
    Set<String> used = new HashSet<>(part.attached());
    used.addAll(part.view().backups());
    used.add(self);
    Assignments.Changes changes =
        assignments.look(used, Set.copyOf(register.assigned(id)), System.nanoTime());
    for (String host : changes.assign()) {
      register.assign(id, host);
    }
    for (String host : changes.unassign()) {
      Log.info("host " + host + " need not keep the guest any longer");
      register.unassign(id, host);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
