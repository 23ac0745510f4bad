package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.MemberThread;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.ensemble.Server;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.links.GuestLinks;
import io.tardigrade.links.LinkListener;
import io.tardigrade.network.Mac;
import io.tardigrade.network.Tap;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.View;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts a replicated guest's guardian together: its store, its member, and what connects that with
 * other hosts and the coordination service.
 */
final class ReplicaMain {
  private static final int MEMBER_FAILED_STATUS = 1;

  private final HostPaths paths;
  private final GuestSpec spec;
  private final ReplicaSpec replica;
  private final ClusterConfig config;
  private final IntConsumer halt;

  /** What cannot be bound before it is there. */
  private final AtomicReference<@Nullable ReplicaGuardian> guardian = new AtomicReference<>();

  private final AtomicReference<@Nullable ClusterEdge> edge = new AtomicReference<>();

  private ReplicaMain(
      HostPaths paths,
      GuestSpec spec,
      ReplicaSpec replica,
      ClusterConfig config,
      IntConsumer halt) {
    this.paths = paths;
    this.spec = spec;
    this.replica = replica;
    this.config = config;
    this.halt = halt;
  }

  /**
   * Serves the guest as a member until it ends or is not wanted here; the outcome is written then.
   *
   * @param loss of the guardian before this one, or null
   * @param halt ends this process with a status, at once
   * @return null where the guest was frozen
   */
  static @Nullable Outcome serve(
      HostPaths paths, ReplicaSpec replica, @Nullable PredecessorLoss loss, IntConsumer halt)
      throws IOException {
    GuestFiles files = GuestFiles.of(paths, name(replica));
    GuestSpec spec = files.spec();
    ClusterConfig config =
        ClusterConfig.read(paths)
            .orElseThrow(() ->
                new IOException(
                    "guest " + spec.name() + " is replicated, and this host is of no cluster"));
    return new ReplicaMain(paths, spec, replica, config, halt).serve(files, loss);
  }

  private static String name(ReplicaSpec replica) {
    String id = replica.id();
    return id.substring(0, id.lastIndexOf('-'));
  }

  private @Nullable Outcome serve(GuestFiles files, @Nullable PredecessorLoss loss)
      throws IOException {
    ClusterTls tls = config.tls(paths);
    String id = replica.id();
    ClusterEars ears = new ClusterEars(id, config.name(), loss);
    try (Coordination coordination =
            new Coordination(config.servers(paths), Server.of(config).client(), tls, Log::info);
        Tap tap = Tap.open(spec.tap(), Mac.parse(spec.mac()));
        Console console = new Console(files.consoleLog());
        ReplicaStore store =
            new ReplicaFounding(paths, spec, replica, coordination, config.name()).open();
        LinkListener listener =
            new LinkListener(new InetSocketAddress(config.address(), 0), tls, ears, Log::info);
        GuestLinks links = new GuestLinks(id, tls, this::address, Log::info)) {
      FoundReplica.check(paths, spec, store, loss);
      Resources.putOnBridge(paths, spec.tap());
      Coordinator coordinator = coordination.coordinator(id, ears::view);
      MemberControl control = new MemberControl(store, ears, reign -> bound().order(reign));
      MemberThread member =
          new MemberThread(
              new Identity(config.name(), new SecureRandom().nextLong(Long.MAX_VALUE)),
              new Ports(links, coordinator, store, control, Log::info),
              new Rules(),
              this::memberFailed);
      ColdStarting cold =
          new ColdStarting(
              paths,
              spec.name(),
              replica,
              config.name(),
              store,
              member,
              coordination.guestRegister(),
              coordination.emptyHosts(),
              ears::bootsFromDisk);
      ClusterEdge registered =
          new ClusterEdge(
              coordination.guestRegister(),
              id,
              config.name(),
              new InetSocketAddress(config.address(), listener.port()),
              member,
              cold);
      edge.set(registered);
      try (Closeable _ = registered::close;
          ReplicaGuardian made =
              new ReplicaGuardian(
                  paths,
                  spec,
                  replica.founds() ? replica.founded() : replica,
                  store,
                  member,
                  cold,
                  new ReplicaGuardian.Devices(tap, console),
                  new ReplicaGuardian.Ending() {
                    @Override
                    public void forget() throws IOException {
                      Forgetting.forget(
                          coordination.guestRegister(), spec.name(), id, view(member));
                    }

                    @Override
                    public void halt(int status) {
                      halt.accept(status);
                    }
                  });
          ControlServer _ = new ControlServer(made.socket(), made, console)) {
        guardian.set(made);
        ears.hearFor(member);
        begin(member, coordination, ears, registered);
        Outcome outcome = made.run();
        if (outcome != null) {
          // While the guardian still answers: who asks must never find neither of the two.
          files.writeOutcome(outcome);
        }
        return outcome;
      }
    }
  }

  private static View view(MemberThread member) throws IOException {
    try {
      return member.call(Member::view).get();
    } catch (ExecutionException | CancellationException e) {
      throw new IOException("the guest's member has ended", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void begin(
      MemberThread member, Coordination coordination, ClusterEars ears, ClusterEdge registered) {
    member.start();
    long needBytes = CommittedImage.bytesNeeded(spec.memoryBytes());
    Thread.startVirtualThread(() -> {
      try {
        boolean _ =
            member
                .call(m -> {
                  m.protect(replica.backups(), needBytes);
                  return true;
                })
                .get();
        var _ = coordination.register(ears::hosts);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | CancellationException e) {
        Log.warn("the guest's member has ended: " + e.getMessage());
      }
    });
    registered.start();
  }

  private ReplicaGuardian bound() {
    ReplicaGuardian made = guardian.get();
    if (made == null) {
      throw new IllegalStateException("the member acts before it is started");
    }
    return made;
  }

  private @Nullable InetSocketAddress address(String host) {
    ClusterEdge known = edge.get();
    return known == null ? null : known.address(host);
  }

  /** Nothing can be promised any more; whoever starts the next guardian finds what is stored. */
  private void memberFailed(Throwable why) {
    Log.bug("the guest's member failed", why);
    halt.accept(MEMBER_FAILED_STATUS);
  }
}
