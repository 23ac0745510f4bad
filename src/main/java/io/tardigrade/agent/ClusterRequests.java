package io.tardigrade.agent;

import io.tardigrade.agent.ClusterService.Membership;
import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.KnownHost;
import io.tardigrade.control.ClusterApi;
import io.tardigrade.control.HostGuests;
import io.tardigrade.control.HostStatus;
import io.tardigrade.coordination.HostInfo;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Answers what is asked of this host about its cluster. Any thread. */
final class ClusterRequests implements ClusterApi {
  private static final long CONNECTED_MILLIS_MAX = 5_000;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ClusterService service;

  ClusterRequests(ClusterService service) {
    this.service = service;
  }

  private Membership member() throws IOException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECTED_MILLIS_MAX);
    Membership member = service.now();
    // The agent, or the cluster, may just be coming up.
    while (member == null
        && ClusterConfig.read(service.paths()).isPresent()
        && System.nanoTime() - deadline < 0) {
      pause();
      member = service.now();
    }
    if (member == null) {
      throw ClusterApi.none();
    }
    return member;
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Membership connected() throws IOException {
    Membership member = member();
    try {
      if (member.coordination().await(CONNECTED_MILLIS_MAX)) {
        return member;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IOException(
        "the cluster's coordination service does not answer: more than half of its servers have to"
            + " be up");
  }

  @Override
  public List<HostStatus> hosts() throws IOException {
    Membership member = connected();
    Map<String, HostInfo> present =
        member.present().stream().collect(Collectors.toMap(HostInfo::name, Function.identity()));
    String servers = "," + member.config().servers(service.paths()) + ",";
    return member.registry().hosts().stream()
        .map(host -> status(host, present.get(host.name()), servers))
        .sorted(Comparator.comparing(HostStatus::name))
        .toList();
  }

  private static HostStatus status(KnownHost host, @Nullable HostInfo info, String servers) {
    HostStatus.State state =
        info == null
            ? HostStatus.State.AWAY
            : info.ready() ? HostStatus.State.READY : HostStatus.State.MAINTENANCE;
    String address = host.address().contains(":") ? "[" + host.address() + "]" : host.address();
    return new HostStatus(
        host.name(),
        host.role(),
        host.zone(),
        host.address(),
        host.port(),
        state,
        info == null ? "" : info.version(),
        info == null ? 0 : info.guests(),
        info == null ? 0 : info.freeBytes(),
        servers.contains("," + address + ":" + (host.port() + 1) + ","));
  }

  @Override
  public HostStatus host(String name) throws IOException {
    GuestSpec.checkName("host", name);
    return hosts().stream()
        .filter(host -> host.name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(name));
  }

  @Override
  public List<HostGuests> guests() throws IOException, InterruptedException {
    Membership member = member();
    return new GuestsOfHosts(member.others())
        .ask(member.config(), member.known(), member.present());
  }

  private static RefusedException unknown(String name) {
    return RefusedException.notFound(
        "the cluster has no host '" + name + "'; 'tardigrade host list' shows its hosts");
  }

  @Override
  public String token(String role, long validSeconds) throws IOException {
    return connected().admission().token(role, Duration.ofSeconds(validSeconds));
  }

  @Override
  public void removeHost(String name) throws IOException, InterruptedException {
    HostStatus status = host(name);
    Membership member = connected();
    KnownHost host =
        member.registry().hosts().stream()
            .filter(known -> known.name().equals(name))
            .findFirst()
            .orElseThrow(() -> unknown(name));
    boolean away = status.state() == HostStatus.State.AWAY;
    if (!away) {
      refuseBusy(status, member.departures().replicas(name));
    }
    refuseLast(member, host);
    if (name.equals(member.config().name())) {
      member.departures().remove(host);
      service.leave();
      return;
    }
    if (!away) {
      // While it is believed: afterwards it could not be told.
      String _ =
          member
              .others()
              .ask("POST", host.address(), host.port(), "/cluster/leave", null, PATIENCE);
    }
    member.departures().remove(host);
  }

  @Override
  public void leave() throws IOException {
    Membership _ = member();
    service.leave();
  }

  @Override
  public Path bootFile(String guest, String which) throws IOException {
    Membership _ = member();
    GuestSpec.checkName("guest", guest);
    if (Files.exists(service.paths().spec(guest))) {
      GuestSpec spec = Json.read(service.paths().spec(guest), GuestSpec.class);
      String file = which.equals("kernel") ? spec.kernel() : spec.initrd();
      if (file != null && Files.isRegularFile(Path.of(file))) {
        return Path.of(file);
      }
    }
    throw RefusedException.notFound("guest '" + guest + "' has no " + which + " here");
  }

  private static void refuseBusy(HostStatus status, List<String> replicas) {
    if (status.guests() > 0) {
      throw RefusedException.conflict(
          "host '"
              + status.name()
              + "' runs "
              + status.guests()
              + (status.guests() == 1 ? " guest" : " guests")
              + "; stop or move them first");
    }
    if (!replicas.isEmpty()) {
      throw RefusedException.conflict(
          "host '"
              + status.name()
              + "' keeps replicas of "
              + String.join(", ", replicas)
              + "; put it under maintenance and wait until others do, or unprotect them");
    }
  }

  /** The last full host takes the cluster's authority with it. */
  private static void refuseLast(Membership member, KnownHost leaving) throws IOException {
    long full =
        member.registry().hosts().stream()
            .filter(host -> host.role().equals(ClusterConfig.FULL))
            .count();
    if (full <= 1 && leaving.role().equals(ClusterConfig.FULL)) {
      throw RefusedException.conflict(
          "this would leave the cluster without a host that can run guests; to end it, stop the"
              + " agents and delete the folder 'cluster' in their state folders");
    }
  }
}
