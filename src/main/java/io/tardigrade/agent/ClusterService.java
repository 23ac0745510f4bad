package io.tardigrade.agent;

import io.tardigrade.cluster.Admission;
import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.JoinListener;
import io.tardigrade.cluster.KnownHost;
import io.tardigrade.cluster.Leaving;
import io.tardigrade.cluster.Registry;
import io.tardigrade.control.ClusterApi;
import io.tardigrade.control.HostClient;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.HostInfo;
import io.tardigrade.ensemble.EnsembleKeeper;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.process.Program;
import io.tardigrade.replication.Journal;
import java.io.Closeable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * This host's part in its cluster, for as long as the agent runs and the host is of one: the
 * connection with the coordination service, this host's server of it, what it says of itself, what
 * it knows of others, and the ports at which others reach it. A thread of its own looks after them
 * all; a host becomes one of a cluster, and leaves it, beneath an agent that runs.
 */
final class ClusterService implements Closeable {
  private static final long LOOK_MILLIS = 1_000;

  private final HostPaths paths;
  private final ApiServer server;
  private final Supplier<OwnState> own;
  private final Guests guests;
  private final Journal journal;
  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean leaving;
  private volatile @Nullable Membership now;
  private String fault = "";

  /**
   * What changes of this host.
   *
   * @param freeBytes memory that a replica may take
   */
  record OwnState(long freeBytes, boolean ready, int guests) {}

  /** Guests that are kept on several hosts, while this host is of a cluster. */
  interface Guests {
    /** Begins to keep them. */
    Closeable begin(Membership member);
  }

  /**
   * @param server opens its secured port while this host is of a cluster
   * @param own is asked every second
   */
  ClusterService(
      HostPaths paths, ApiServer server, Supplier<OwnState> own, Guests guests, Journal journal) {
    this.paths = paths;
    this.guests = guests;
    this.server = server;
    this.own = own;
    this.journal = journal;
    this.thread = Thread.ofPlatform().daemon().name("cluster").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** All that is there while this host is of a cluster. */
  final class Membership implements Closeable {
    private final ClusterConfig config;
    private final Coordination coordination;
    private final Registry registry;
    private final EnsembleKeeper keeper;
    private final Admission admission;
    private final ClusterTls tls;
    private final HostClient others;
    private final Leaving departures;
    private final Consumer<HostInfo> announce;
    private final Closeable port;
    private final @Nullable Closeable kept;
    private volatile List<HostInfo> present = List.of();
    private volatile List<KnownHost> known = List.of();
    private @Nullable HostInfo announced;
    private @Nullable JoinListener joins;

    Membership(ClusterConfig config) throws IOException {
      this.config = config;
      this.tls = config.tls(paths);
      this.port = server.openSecured(config, tls);
      this.coordination = new Coordination(config.servers(paths), tls, journal);
      this.registry = new Registry(coordination.client());
      this.keeper = new EnsembleKeeper(paths, config, coordination.client(), journal);
      this.admission = new Admission(paths, config, registry, InstantSource.system());
      this.others = new HostClient(tls);
      this.departures = new Leaving(paths, config, registry);
      this.announce = coordination.registerInfo(all -> present = all);
      this.kept = config.full() ? guests.begin(this) : null;
    }

    ClusterConfig config() {
      return config;
    }

    Coordination coordination() {
      return coordination;
    }

    Registry registry() {
      return registry;
    }

    Admission admission() {
      return admission;
    }

    /** Asks agents of other hosts. */
    HostClient others() {
      return others;
    }

    Leaving departures() {
      return departures;
    }

    /** Hosts that are heard of. */
    List<HostInfo> present() {
      return present;
    }

    /** All hosts of the cluster, as they were known last. */
    List<KnownHost> known() {
      return known;
    }

    private void look() throws IOException, InterruptedException {
      keeper.keepServer();
      if (!coordination.await(LOOK_MILLIS)) {
        return;
      }
      known = departures.known();
      departures.keepRemoved();
      announceOwn();
      Set<String> heard = names(present);
      // Before this host finds itself among them, nobody knows who else is missing.
      if (heard.contains(config.name())) {
        keeper.look(known, heard);
      }
      keepDoor(config.full() && admission.expectsAnybody());
    }

    private void announceOwn() {
      OwnState state = own.get();
      HostInfo next =
          new HostInfo(
              config.name(),
              config.zone(),
              state.freeBytes(),
              state.ready(),
              config.address(),
              config.port(),
              Program.version(),
              config.role(),
              state.guests());
      if (!next.equals(announced)) {
        announced = next;
        announce.accept(next);
      }
    }

    private void keepDoor(boolean open) throws IOException {
      JoinListener door = joins;
      if (open && door == null) {
        joins = new JoinListener(config, tls, admission, journal);
      } else if (!open && door != null) {
        joins = null;
        door.close();
      }
    }

    @Override
    public void close() throws IOException {
      try {
        if (kept != null) {
          kept.close();
        }
        keepDoor(false);
        port.close();
      } finally {
        others.close();
        coordination.close();
      }
    }
  }

  HostPaths paths() {
    return paths;
  }

  /** Null while this host is of no cluster. */
  @Nullable Membership now() {
    return now;
  }

  /** Whether this host is of a cluster, so that others count on its agent. */
  boolean isMember() {
    return now != null;
  }

  /** What can be asked about the cluster. */
  ClusterApi api() {
    return new ClusterRequests(this);
  }

  /** Has this host leave, soon: another one has taken it out of the cluster, or is about to. */
  void leave() {
    leaving = true;
  }

  private void run() {
    try {
      while (!closed) {
        look();
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    try {
      Membership member = now;
      if (member == null) {
        member = ClusterConfig.read(paths).isPresent() ? begin() : null;
      }
      if (member != null && leaving) {
        end(member);
      } else if (member != null) {
        member.look();
      }
      fault = "";
    } catch (IOException | RuntimeException e) {
      String found = String.valueOf(e.getMessage());
      if (!closed && !found.equals(fault)) {
        fault = found;
        journal.say("cluster: " + found);
      }
    }
  }

  private Membership begin() throws IOException {
    Membership member = new Membership(ClusterConfig.read(paths).orElseThrow());
    now = member;
    journal.say("is host " + member.config().name() + " of cluster " + member.config().cluster());
    return member;
  }

  private void end(Membership member) throws IOException, InterruptedException {
    leaving = false;
    now = null;
    try (member) {
      member.keeper.end();
    } finally {
      member.departures().deleteFiles();
    }
    journal.say("is no longer of cluster " + member.config().cluster());
  }

  static Set<String> names(List<HostInfo> hosts) {
    return hosts.stream().map(HostInfo::name).collect(Collectors.toSet());
  }

  @Override
  public void close() throws IOException {
    closed = true;
    thread.interrupt();
    try {
      thread.join(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Membership member = now;
    now = null;
    if (member != null) {
      member.close();
    }
  }
}
