package io.tardigrade.control;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Replication as any host of a cluster can be asked for it: what another host has to do is passed
 * on to that host's agent. Any thread.
 */
public final class ClusterGuests implements Replication {
  private static final long TURN_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_MILLIS = 20;

  private final HostPaths paths;
  private final GuestControl control;
  private final Protecting.Cluster cluster;
  private final Peers peers;

  /** The agents of other hosts. */
  public interface Peers {
    /**
     * Asks one, and waits until it has done what is asked.
     *
     * @param body is sent as JSON
     * @throws IOException where nobody knows how to reach it, or it does not answer
     */
    void ask(String host, String target, Object body) throws IOException, InterruptedException;
  }

  /**
   * The guests of a cluster, seen from the host with these paths.
   *
   * @param control asks guardians of this host, and has the next one started
   */
  public ClusterGuests(
      HostPaths paths, GuestControl control, Protecting.Cluster cluster, Peers peers) {
    this.paths = paths;
    this.control = control;
    this.cluster = cluster;
    this.peers = peers;
  }

  @Override
  public void replicate(String guest, ReplicationRequest request, Consumer<String> progress)
      throws IOException, InterruptedException {
    GuestSpec.checkName("guest", guest);
    Optional<String> id = cluster.guests().id(guest);
    if (id.isEmpty()) {
      alone(guest, request, progress);
      return;
    }
    View view = cluster.guests().view(id.get());
    String actor = actor(guest, view, request);
    if (!actor.equals(cluster.self())) {
      progress.accept("asking host " + actor);
      peers.ask(
          actor,
          "/v1/guests/" + guest + "/" + request.verb().text(),
          new ReplicationRequest(
                  request.verb(), request.backups(), to(request, actor), request.fromDisk())
              .body());
      return;
    }
    Protecting protecting = new Protecting(paths, control, cluster, progress);
    switch (request.verb()) {
      case PROTECT -> protecting.protect(guest, request.backups());
      case UNPROTECT -> protecting.unprotect(guest);
      case SWITCHOVER -> {
        String target = target(guest, view, request.to());
        GuardianClient.connect(paths, guest).switchOver(target);
        awaitLead(guest, id.get(), target, progress);
      }
      case FAILOVER -> {
        if (request.fromDisk()) {
          progress.accept(guest + ": " + GuardianClient.connect(paths, guest).bootFromDisk());
          awaitBoot(guest);
          return;
        }
        GuardianClient.connect(paths, guest).failOver();
        awaitLead(guest, id.get(), actor, progress);
      }
    }
  }

  /** The host that has to do it. */
  private String actor(String guest, View view, ReplicationRequest request) {
    if (request.verb() != ReplicationRequest.Verb.FAILOVER) {
      return view.primary();
    }
    return request.fromDisk()
        ? booting(guest, view, request.to())
        : target(guest, view, request.to());
  }

  /** The host with the newest disks of those that are up. */
  private String booting(String guest, View view, @Nullable String to) {
    List<String> members = new ArrayList<>(view.backups());
    members.addFirst(view.primary());
    if (to != null) {
      if (!members.contains(to)) {
        throw RefusedException.conflict(
            "host '" + to + "' has no disks to boot guest '" + guest + "' from; it is of " + view);
      }
      return to;
    }
    List<String> up = cluster.hosts().stream().map(HostRoom::host).toList();
    return members.stream()
        .filter(up::contains)
        .findFirst()
        .orElseThrow(() ->
            RefusedException.conflict("no host of " + view + " of guest '" + guest + "' is up"));
  }

  @Override
  public Optional<String> runsOn(String guest) throws IOException {
    Optional<String> id = cluster.guests().id(guest);
    return id.isEmpty()
        ? Optional.empty()
        : Optional.of(cluster.guests().view(id.get()).primary()).filter(host -> !host.isEmpty());
  }

  @Override
  public void giveUp(String guest) throws IOException {
    cluster.drop(guest);
  }

  /** Whoever is asked next must not choose another. */
  private static @Nullable String to(ReplicationRequest request, String actor) {
    return request.verb() == ReplicationRequest.Verb.FAILOVER ? actor : request.to();
  }

  /** A guest that is not replicated, or none. */
  private void alone(String guest, ReplicationRequest request, Consumer<String> progress)
      throws IOException, InterruptedException {
    switch (request.verb()) {
      case PROTECT ->
          new Protecting(paths, control, cluster, progress).protect(guest, request.backups());
      case UNPROTECT -> new Protecting(paths, control, cluster, progress).unprotect(guest);
      case SWITCHOVER, FAILOVER ->
          throw RefusedException.conflict(
              "guest '"
                  + guest
                  + "' has no backups to run on; 'tardigrade protect "
                  + guest
                  + "' gets it some");
    }
  }

  private String target(String guest, View view, @Nullable String to) {
    List<String> backups = view.backups();
    if (to == null) {
      if (backups.isEmpty()) {
        throw RefusedException.conflict(
            "guest '" + guest + "' has no backup now; 'tardigrade list' shows how far they are");
      }
      return backups.getFirst();
    }
    if (to.equals(view.primary())) {
      throw RefusedException.conflict("guest '" + guest + "' runs on " + to + " already");
    }
    if (!backups.contains(to)) {
      boolean known = cluster.hosts().stream().map(HostRoom::host).anyMatch(to::equals);
      String there = backups.isEmpty() ? "there is none" : "there is " + String.join(", ", backups);
      if (!known) {
        throw RefusedException.notFound(
            "no host named '" + to + "'; 'tardigrade host list' shows those that are up");
      }
      throw RefusedException.conflict(
          "host '" + to + "' is not a backup of guest '" + guest + "'; " + there);
    }
    return to;
  }

  private void awaitBoot(String guest) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    while (control.status(guest).filter(s -> s.state() == GuestStatus.State.RUNNING).isEmpty()) {
      if (System.nanoTime() - begin > TURN_NANOS_MAX) {
        throw new RefusedException(
            RefusedException.Kind.TIMED_OUT,
            "guest '" + guest + "' still boots; 'tardigrade show " + guest + "' tells more");
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void awaitLead(String guest, String id, String target, Consumer<String> progress)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    View view = cluster.guests().view(id);
    while (!view.primary().equals(target)) {
      if (System.nanoTime() - begin > TURN_NANOS_MAX) {
        throw new RefusedException(
            RefusedException.Kind.TIMED_OUT,
            "guest '"
                + guest
                + "' still runs on "
                + view.primary()
                + " after 60 s; 'tardigrade show "
                + guest
                + "' tells more");
      }
      Thread.sleep(POLL_MILLIS);
      view = cluster.guests().view(id);
    }
    progress.accept(guest + " runs on " + target);
  }
}
