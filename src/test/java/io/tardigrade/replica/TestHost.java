package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.GuestControl;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Links;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.StoreFullException;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import io.tardigrade.replication.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A host with a member, a store that is real, and a guest that is not. */
final class TestHost implements GuestControl, Links, Coordinator {
  private static final long WORK_NANOS = 7 * TestNet.MILLI;

  final String name;
  final ReplicaFiles files;
  final List<String> said;
  private final TestNet net;
  private final Map<String, TestHost> hosts;
  private @Nullable ReplicaStore store;
  private @Nullable Member member;
  private @Nullable TestGuest guest;
  private boolean frozen;
  private boolean idle;
  private long run;
  int takeovers;

  TestHost(
      String name,
      ReplicaFiles files,
      TestNet net,
      Map<String, TestHost> hosts,
      List<String> said) {
    this.name = name;
    this.files = files;
    this.net = net;
    this.hosts = hosts;
    this.said = said;
  }

  ReplicaStore store() {
    return Objects.requireNonNull(store, name);
  }

  Member member() {
    return Objects.requireNonNull(member, name);
  }

  boolean isUp() {
    return member != null;
  }

  boolean runs() {
    return guest != null;
  }

  private void say(String line) {
    said.add(net.nowNanos / TestNet.MILLI + " ms " + name + ": " + line);
  }

  void start(boolean first) throws IOException {
    run++;
    idle = false;
    store = first ? ReplicaStore.found(files, Pair.LIFE) : ReplicaStore.open(files, Pair.LIFE);
    say("starts, whole " + store.isWhole() + " at " + store.base() + " " + store.tail());
    Ports ports = new Ports(this, this, store, this, this::say);
    Member made = new Member(new Identity(name, run), ports, new Rules(), net.nowNanos);
    member = made;
    made.protect(2, 1);
    every(Timeouts.BEAT_NANOS, () -> member().tick(net.nowNanos));
    every(WORK_NANOS, this::work);
    every(
        50 * TestNet.MILLI,
        () ->
            member()
                .onHosts(
                    hosts.values().stream()
                        .map(host -> new HostRoom(host.name, "", 1, host.isUp()))
                        .toList()));
  }

  private void every(long nanos, TestNet.Action action) {
    after(
        nanos,
        () -> {
          action.run();
          every(nanos, action);
        });
  }

  private void after(long nanos, TestNet.Action action) {
    long of = run;
    net.after(
        nanos,
        () -> {
          if (of == run && isUp()) {
            action.run();
          }
        });
  }

  /** The process ends; with {@code lost} all that it kept is gone. */
  void crash(boolean lost) throws Exception {
    say("crashes" + (lost ? ", its memory and disks are lost" : ""));
    member = null;
    guest = null;
    frozen = false;
    store().close();
    store = null;
    run++;
    if (lost) {
      Process process =
          new ProcessBuilder("rm", "-r", String.valueOf(files.folder().getParent())).start();
      assertThat(process.waitFor()).isZero();
      java.nio.file.Files.createDirectories(Objects.requireNonNull(files.folder().getParent()));
    }
  }

  /** The guest writes nothing, or does again. */
  void rest(boolean now) {
    idle = now;
  }

  private void work() throws Exception {
    TestGuest running = guest;
    if (running != null && !frozen) {
      if (!idle) {
        running.work();
      }
      if (member().mayCapture() && !idle) {
        boolean _ = capture(running);
      }
    }
  }

  private boolean capture(TestGuest running) throws IOException {
    EpochId id = member().nextEpoch();
    EpochId parent = store().newest();
    try {
      Snapshot taken = running.capture(id);
      if (taken == null) {
        return false;
      }
      net.snapshots.put(id, taken);
      net.parents.put(id, parent);
    } catch (StoreFullException e) {
      say(String.valueOf(e.getMessage()));
      return false;
    }
    member().onCaptured(id, net.nowNanos);
    return true;
  }

  /** The hypervisor dies; the guardian starts the next from the newest sealed epoch. */
  void hypervisorDies() throws Exception {
    if (guest != null && !frozen) {
      say("hypervisor dies");
      store().bringToNewest();
      store().endRun();
      restore(store().newest());
    }
  }

  private void restore(EpochId from) throws IOException {
    assertThat(store().contents()).as("%s; %s", name, said).isEqualTo(from);
    TestGuest restored = TestGuest.run(store(), net.random);
    Objects.requireNonNull(net.snapshots.get(from), from.toString())
        .check(restored.now(), name + " runs from " + from);
    guest = restored;
  }

  @Override
  public void prepare(EpochId from) {
    say("prepares " + from);
  }

  @Override
  public void run(EpochId from) {
    try {
      takeovers++;
      store().bringToNewest();
      if (net.snapshots.isEmpty()) {
        net.snapshots.put(from, Snapshot.of(store()));
      }
      restore(from);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (StoreFullException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void release(EpochId upTo) {
    net.released(name, upTo);
  }

  @Override
  public void freeze() {
    after(TestNet.MILLI, this::freezeNow);
  }

  private void freezeNow() throws IOException {
    TestGuest running = guest;
    if (running == null) {
      return;
    }
    if (capture(running)) {
      frozen = true;
      member().onFrozen(net.nowNanos);
    } else {
      freeze();
    }
  }

  @Override
  public void thaw() {
    frozen = false;
  }

  @Override
  public void discard() {
    frozen = false;
    if (guest != null) {
      say("guest is discarded");
      guest = null;
      store().endRun();
    }
  }

  @Override
  public void send(String to, Message message) {
    ByteBuffer bytes = WireFormat.encode(message);
    net.after(
        net.delayNanos(),
        () -> {
          TestHost receiver = Objects.requireNonNull(hosts.get(to));
          if (receiver.isUp() && !net.cut.contains(name + ">" + to)) {
            receiver.member().onMessage(name, WireFormat.decode(bytes), net.nowNanos);
          }
        });
  }

  @Override
  public void read() {
    if (!net.cut.contains(name)) {
      net.read(answer());
    }
  }

  @Override
  public void propose(View next) {
    if (!net.cut.contains(name)) {
      net.propose(next, answer());
    }
  }

  private Consumer<View> answer() {
    long of = run;
    return view -> {
      if (of == run && isUp() && !net.cut.contains(name)) {
        member().onView(view, net.nowNanos);
      }
    };
  }
}
