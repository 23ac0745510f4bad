package io.tardigrade.control;

import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.Freezing;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.StateLock;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Placement;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Has a guest of this host replicated, and no longer. Its guardian is replaced for that, as in a
 * move: the guest stands still from its last checkpoint until the next guardian has resumed it.
 *
 * <pre>
 *   defined, assigned to this host ─▶ frozen ─▶ guardian founds the first replica ─▶ resumed
 *   backups 0 ─▶ none in the view ─▶ frozen ─▶ forgotten ─▶ guardian of this host alone ─▶ resumed
 * </pre>
 */
public final class Protecting {
  private static final long RESUME_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long LEAVE_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_MILLIS = 10;

  /** Beside guest RAM, a backup keeps epochs and device state. */
  private static final long BACKUP_EXTRA_BYTES = 150L << 20;

  private final HostPaths paths;
  private final GuestControl control;
  private final Cluster cluster;
  private final Consumer<String> progress;

  /** The cluster that this host is of. */
  public interface Cluster {
    /** This host's name in it. */
    String self();

    /** What it knows of guests. */
    GuestRegister guests();

    /** The hosts that there are now. */
    List<HostRoom> hosts();

    /** Whether a guest with this address can be reached on any of its hosts. */
    boolean hasAddress(String address);

    /** Takes away all that this host keeps of a guest. */
    void drop(String guest) throws IOException;
  }

  /**
   * Protects guests with these paths.
   *
   * @param control asks guardians, and has the next one started
   * @param progress is told each step, one line
   */
  public Protecting(
      HostPaths paths, GuestControl control, Cluster cluster, Consumer<String> progress) {
    this.paths = paths;
    this.control = control;
    this.cluster = cluster;
    this.progress = progress;
  }

  /**
   * Wishes for so many backups of a guest that runs here; returns when its guardian looks for them.
   *
   * @throws RefusedException where that cannot be; the guest goes on as it was
   */
  public void protect(String name, int backups) throws IOException, InterruptedException {
    GuestFiles files = GuestKeeper.find(paths, name);
    if (backups < 1 || backups > ReplicaSpec.BACKUPS_MAX) {
      throw new UsageException(
          backups + " backups are not possible; give 1 to " + ReplicaSpec.BACKUPS_MAX);
    }
    GuestSpec spec = files.spec();
    checkRoom(spec, backups);
    Optional<ReplicaSpec> replica = ReplicaSpec.read(paths, name);
    if (replica.isPresent()) {
      GuardianClient.connect(paths, name).protect(backups);
      replica.get().withBackups(backups).write(paths, name);
      return;
    }
    checkGuest(spec);
    try (ResetLock _ = lock();
        StateLock _ = StateLock.take(paths.state(), "lock", () -> {})) {
      if (ReplicaSpec.isAny(paths, name)) {
        throw RefusedException.conflict(
            "guest '" + name + "' was given backups in the same moment; try again");
      }
      found(spec, backups);
    }
    control.startWanted();
    awaitRunning(name);
  }

  private ResetLock lock() throws IOException {
    return ResetLock.take(paths)
        .orElseThrow(() ->
            RefusedException.conflict(
                "this host is being reset, or a guest of it is being moved; wait for that"));
  }

  private void checkRoom(GuestSpec spec, int backups) {
    long need = spec.memoryBytes() + BACKUP_EXTRA_BYTES;
    Placement.Choice choice =
        Placement.choose(Set.of(cluster.self()), backups, need, cluster.hosts(), Set.of());
    if (choice.hosts().size() < backups) {
      throw RefusedException.conflict(
          "guest '"
              + spec.name()
              + "' cannot have "
              + backups
              + (backups == 1 ? " backup: " : " backups: ")
              + choice.lack()
              + (choice.hosts().isEmpty() ? "" : " beside " + String.join(", ", choice.hosts()))
              + "; 'tardigrade host list' shows what there is");
    }
  }

  private void checkGuest(GuestSpec spec) throws IOException {
    if (!spec.protect()) {
      throw RefusedException.conflict(
          "guest '" + spec.name() + "' was made without protection, so it cannot have backups");
    }
    if (!cluster.hasAddress(spec.address())) {
      throw RefusedException.conflict(
          "guest '"
              + spec.name()
              + "' has the address "
              + spec.address()
              + ", which other hosts cannot take over: it was made before this host was of the"
              + " cluster; make it again");
    }
    GuestStatus.State state =
        control.status(spec.name()).map(GuestStatus::state).orElse(GuestStatus.State.RECOVERING);
    if (state != GuestStatus.State.RUNNING) {
      throw RefusedException.conflict(
          "guest '"
              + spec.name()
              + "' is "
              + state.name()
              + "; it gets backups while it is RUNNING");
    }
  }

  /** Whatever fails, the guest is not left frozen. */
  private void found(GuestSpec spec, int backups) throws IOException, InterruptedException {
    String name = spec.name();
    ReplicaSpec replica = ReplicaSpec.of(name, freshLife(), backups, true);
    GuestRegister register = cluster.guests();
    progress.accept("telling the cluster of " + name);
    enter(replica, spec);
    boolean done = false;
    try {
      var _ = Freezing.freeze(paths, List.of(name));
      replica.write(paths, name);
      ReplicaSpec.forgetWish(paths, name);
      done = true;
    } finally {
      if (!done) {
        register.forget(name, replica.id());
      }
      Freeze.thaw(paths, name);
      if (!done) {
        control.startWanted();
      }
    }
  }

  private void enter(ReplicaSpec replica, GuestSpec spec) throws IOException {
    String name = spec.name();
    GuestRegister register = cluster.guests();
    String definition = GuestDefinition.of(paths, replica, spec).encode();
    String holder = register.enter(name, replica.id(), definition, cluster.self());
    // Whoever goes on with what this host has entered holds the lock that is held here.
    if (!holder.equals(replica.id()) && register.forgetLeftover(name, holder, cluster.self())) {
      holder = register.enter(name, replica.id(), definition, cluster.self());
    }
    if (!holder.equals(replica.id())) {
      throw RefusedException.conflict(
          "another guest of the cluster is named '" + name + "' (" + holder + "); rename this one");
    }
  }

  private static long freshLife() {
    return Integer.toUnsignedLong(new SecureRandom().nextInt()) | 1;
  }

  /**
   * Has a guest that runs here kept on this host alone; nothing happens where it is so.
   *
   * @throws RefusedException where that cannot be
   */
  public void unprotect(String name) throws IOException, InterruptedException {
    var _ = GuestKeeper.find(paths, name);
    Optional<ReplicaSpec> found = ReplicaSpec.read(paths, name);
    ReplicaSpec.forgetWish(paths, name);
    if (found.isEmpty()) {
      return;
    }
    ReplicaSpec replica = found.get();
    progress.accept("letting the backups of " + name + " go");
    GuardianClient.connect(paths, name).protect(0);
    replica.withBackups(0).write(paths, name);
    View alone = awaitAlone(name, replica.id());
    try (ResetLock _ = lock();
        StateLock _ = StateLock.take(paths.state(), "lock", () -> {})) {
      try {
        var _ = Freezing.freeze(paths, List.of(name));
        forget(replica, name, alone);
      } finally {
        Freeze.thaw(paths, name);
        control.startWanted();
      }
    }
    awaitRunning(name);
  }

  /**
   * Unless a backup was added meanwhile, which may take the guest over: then it stays replicated.
   */
  private void forget(ReplicaSpec replica, String name, View alone) throws IOException {
    // Not later: what the cluster does not know, its hosts throw away.
    ReplicaSpec.delete(paths, name);
    if (!cluster.guests().forget(name, replica.id(), alone)) {
      replica.withBackups(0).write(paths, name);
      throw RefusedException.conflict(
          "guest '" + name + "' was given another backup in the same moment; try again");
    }
  }

  private View awaitAlone(String name, String id) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LEAVE_NANOS_MAX;
    View view = cluster.guests().view(id);
    while (!view.backups().isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new RefusedException(
            RefusedException.Kind.TIMED_OUT,
            "the backups of '" + name + "' are still being let go; try again");
      }
      Thread.sleep(10 * POLL_MILLIS);
      view = cluster.guests().view(id);
    }
    return view;
  }

  private void awaitRunning(String name) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + RESUME_NANOS_MAX;
    while (System.nanoTime() - deadline < 0) {
      Optional<GuestFiles.Outcome> outcome = GuestFiles.of(paths, name).outcome();
      if (outcome.isPresent()) {
        throw new IOException("guest '" + name + "' has ended: " + outcome.get().reason());
      }
      if (control.status(name).filter(s -> s.state() == GuestStatus.State.RUNNING).isPresent()) {
        return;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '" + name + "' is still being resumed; 'tardigrade show " + name + "' tells more");
  }
}
