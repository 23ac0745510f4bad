package io.tardigrade.bench;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.netlab.NamespaceHost;
import java.io.Closeable;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A guest of a lab of hosts, wherever it runs; deleted when closed. */
final class ClusterGuest implements Closeable {
  private static final long ANSWER_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long PROTECTED_NANOS_MAX = TimeUnit.MINUTES.toNanos(4);
  private static final long POLL_MILLIS = 20;

  private final ClusterBed bed;
  private final String name;
  private final String address;
  private final int backups;

  ClusterGuest(ClusterBed bed, String name, String address, int backups) {
    this.bed = bed;
    this.name = name;
    this.address = address;
    this.backups = backups;
  }

  String name() {
    return name;
  }

  String address() {
    return address;
  }

  int backups() {
    return backups;
  }

  /** A connection to its redis, tried until that answers. */
  LineClient redis() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + ANSWER_NANOS_MAX;
    while (true) {
      try {
        return LineClient.redis(address);
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException(name + " does not answer: " + e.getMessage(), e);
        }
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  /** What the guardian on a host says, empty where none answers. */
  Optional<GuestStatus> status(NamespaceHost host) {
    try {
      return Optional.of(GuardianClient.connect(host.paths(), name).status());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What is told of checkpoints is of those from now on. */
  void resetStatistics(NamespaceHost host) throws IOException {
    GuardianClient.connect(host.paths(), name).resetStatistics();
  }

  /** A host, and what its guardian says. */
  record At(NamespaceHost host, GuestStatus status) {}

  /** Who runs it now; of two that say so the one whose view is newer. */
  Optional<At> primary() throws IOException {
    @Nullable At best = null;
    for (NamespaceHost host : bed.hosts()) {
      Optional<GuestStatus> told = host.power().equals("ON") ? status(host) : Optional.empty();
      if (told.isPresent() && leads(told.get()) && (best == null || isNewer(told.get(), best))) {
        best = new At(host, told.get());
      }
    }
    return Optional.ofNullable(best);
  }

  private static boolean leads(GuestStatus status) {
    GuestStatus.Replica replica = status.replica();
    return replica == null || replica.role().equals("primary");
  }

  private static boolean isNewer(GuestStatus status, At than) {
    return view(status) > view(than.status());
  }

  static long view(GuestStatus status) {
    GuestStatus.Replica replica = status.replica();
    return replica == null ? 0 : replica.view();
  }

  /** Waits until it runs with all its backups and a spare. */
  At awaitProtected() throws IOException, InterruptedException {
    return awaitProtected("");
  }

  /** As {@link #awaitProtected()}, on any host but this. */
  At awaitProtected(String butHost) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PROTECTED_NANOS_MAX;
    Optional<At> last = Optional.empty();
    while (System.nanoTime() - deadline < 0) {
      last = primary();
      if (last.isPresent()
          && isProtected(last.get())
          && !last.get().host().name().equals(butHost)) {
        return last.get();
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new IOException(
        name
            + " has not got its backups in time: "
            + last.map(at -> at.host().name() + " says " + at.status().replica())
                .orElse("no guardian says that it leads"));
  }

  private boolean isProtected(At at) {
    GuestStatus.Replica replica = at.status().replica();
    GuestStatus.State state = at.status().state();
    if (backups == 0) {
      // One that is not to be protected at all runs too.
      return state == GuestStatus.State.RUNNING || state == GuestStatus.State.UNPROTECTED;
    }
    return state == GuestStatus.State.RUNNING
        && replica != null
        && replica.text().equals(backups + "/" + backups);
  }

  /** Its newest incident on a host, of those that ended after a moment. */
  Optional<Incident> incidentAfter(HostPaths host, java.time.Instant moment) throws IOException {
    return new IncidentStore(host.incidents())
        .list().stream()
            .filter(incident -> incident.guest().equals(name))
            .filter(incident -> RecoveryTimes.running(incident).isAfter(moment))
            .max(Comparator.comparing(RecoveryTimes::running));
  }

  @Override
  public void close() throws IOException {
    String host = primary().map(at -> at.host().name()).orElse("h1");
    var _ = bed.tardigrade(host, List.of("delete", "-y", name));
  }
}
