package io.tardigrade.agent;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.Replicas;
import io.tardigrade.control.ClusterGuests;
import io.tardigrade.control.HostClient;
import io.tardigrade.control.HostControl;
import io.tardigrade.control.HostService;
import io.tardigrade.control.Protecting;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.coordination.HostInfo;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.launch.ReplicaKeeper;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Subnet;
import io.tardigrade.replication.HostRoom;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The guests of the cluster that this host is of: keeps the replicas that it is to keep, and does
 * or passes on what is asked about any of them.
 */
final class ReplicatedGuests implements Protecting.Cluster {
  private static final Duration CHANGE_MAX = Duration.ofMinutes(5);
  private static final Duration FILE_MAX = Duration.ofSeconds(30);

  private final HostPaths paths;
  private final ClusterConfig config;
  private final GuestRegister register;
  private final HostClient others;
  private final Supplier<List<HostInfo>> present;
  private final HostControl control;
  private final Replicas replicas;

  private ReplicatedGuests(
      HostPaths paths, ClusterService.Membership member, Runnable scan, Consumer<String> log) {
    this.paths = paths;
    this.config = member.config();
    this.register = member.coordination().guestRegister();
    this.others = member.others();
    this.present = member::present;
    this.control = new HostControl(paths, scan);
    this.replicas =
        new Replicas(
            paths,
            config.name(),
            register,
            new ReplicaKeeper(paths, new HostAddressing(paths)),
            new Parts(scan),
            log);
  }

  /**
   * Begins to keep replicas and to answer what is asked about guests of the cluster.
   *
   * @param scan looks at the guests and starts guardians where they are missing
   * @return ends it
   */
  static Closeable begin(
      HostPaths paths,
      ClusterService.Membership member,
      HostService host,
      Runnable scan,
      Consumer<String> log) {
    ReplicatedGuests guests = new ReplicatedGuests(paths, member, scan, log);
    host.replicateBy(new ClusterGuests(paths, guests.control, guests, guests::ask));
    return () -> {
      host.replicateBy(null);
      guests.replicas.close();
    };
  }

  private final class Parts implements Replicas.Parts {
    private final Runnable scan;

    Parts(Runnable scan) {
      this.scan = scan;
    }

    @Override
    public void fetch(String host, String guest, String file, Path to) throws IOException {
      HostInfo there = find(host);
      try {
        others.download(
            there.address(),
            there.port(),
            "/cluster/guests/" + guest + "/boot/" + file,
            to,
            FILE_MAX);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    @Override
    public boolean leads(String guest) {
      Optional<GuestStatus> status = control.status(guest);
      if (status.isEmpty()) {
        return isWanted(guest);
      }
      GuestStatus.Replica replica = status.get().replica();
      return replica == null || !replica.role().equals("backup");
    }

    /** One that is to run and does not answer is given time to come up. */
    private boolean isWanted(String guest) {
      try {
        return GuestFiles.of(paths, guest).desiredRunning();
      } catch (IOException e) {
        return true;
      }
    }

    @Override
    public void startWanted() {
      scan.run();
    }
  }

  private HostInfo find(String host) throws IOException {
    return present.get().stream()
        .filter(info -> info.name().equals(host))
        .findFirst()
        .orElseThrow(() -> new IOException("host " + host + " is not heard of"));
  }

  private void ask(String host, String target, Object body)
      throws IOException, InterruptedException {
    HostInfo there = find(host);
    String _ = others.ask("POST", there.address(), there.port(), target, body, CHANGE_MAX);
  }

  @Override
  public String self() {
    return config.name();
  }

  @Override
  public GuestRegister guests() {
    return register;
  }

  @Override
  public List<HostRoom> hosts() {
    return present.get().stream().map(HostInfo::room).toList();
  }

  @Override
  public void drop(String guest) throws IOException {
    replicas.drop(guest);
  }

  @Override
  public boolean hasAddress(String address) {
    return Subnet.parse(config.network()).contains(Ipv4.parse(address));
  }
}
