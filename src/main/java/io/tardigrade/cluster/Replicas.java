package io.tardigrade.cluster;

import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.launch.ClusterAddresses;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.ReplicaKeeper;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps on this host the replicas that are assigned to it, and no others: looks at what the cluster
 * knows and at what is here, and does what {@link ReplicaActions} says. One thread of its own; it
 * does nothing while the coordination service is out.
 */
public final class Replicas implements AutoCloseable {
  private static final long LOOK_MILLIS = 1_000;
  private static final String GUARDIAN = "io.tardigrade.guardian.Main";
  private static final long GUARDIAN_END_SECONDS_MAX = 10;

  private final HostPaths paths;
  private final String self;
  private final GuestRegister register;
  private final ReplicaKeeper keeper;
  private final Parts parts;
  private final Consumer<String> log;
  private final Set<String> told = new HashSet<>();
  private final Semaphore looks = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;

  /** What is asked of others. */
  public interface Parts {
    /** Fetches a file that a guest boots from, from a host that has it. */
    void fetch(String host, String guest, String file, Path to) throws IOException;

    /** Whether a guest runs here, or may: where its guardian does not answer, it may. */
    boolean leads(String guest);

    /** Has guardians started where they are missing. */
    void startWanted();
  }

  /** Begins to look. */
  public Replicas(
      HostPaths paths,
      String self,
      GuestRegister register,
      ReplicaKeeper keeper,
      Parts parts,
      Consumer<String> log) {
    this.paths = paths;
    this.self = self;
    this.register = register;
    this.keeper = keeper;
    this.parts = parts;
    this.log = log;
    this.thread = Thread.ofVirtual().name("replicas").start(this::run);
  }

  /** Looks soon, and not only at the next turn. */
  public void lookSoon() {
    looks.release();
  }

  private void run() {
    try {
      while (!closed) {
        try {
          look();
        } catch (IOException | RuntimeException e) {
          tell("guests of the cluster cannot be looked at: " + e.getMessage());
        }
        if (looks.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          looks.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws IOException {
    List<ReplicaActions.Known> known = new ArrayList<>();
    Set<String> addresses = new HashSet<>();
    for (String id : register.guests()) {
      Optional<String> text = register.definition(id);
      if (text.isPresent()) {
        GuestDefinition guest = GuestDefinition.decode(text.get());
        View view = register.view(id);
        addresses.add(guest.spec().address());
        known.add(
            new ReplicaActions.Known(
                id,
                guest.name(),
                register.assigned(id).contains(self),
                view.hasMember(self),
                view.primary().equals(self) && view.backups().isEmpty(),
                view.number() > 0));
      }
    }
    ClusterAddresses.write(paths, addresses);
    List<ReplicaActions.Local> locals = locals();
    for (ReplicaActions.Action action : ReplicaActions.of(locals, known, ended(locals, known))) {
      try {
        act(action);
      } catch (IOException | RefusedException e) {
        tell("guest " + action.name() + ": " + e.getMessage());
      }
    }
  }

  private Set<String> ended(List<ReplicaActions.Local> locals, List<ReplicaActions.Known> known)
      throws IOException {
    Set<String> ended = new HashSet<>();
    for (ReplicaActions.Local local : locals) {
      String id = local.id();
      if (id != null
          && known.stream().noneMatch(guest -> guest.id().equals(id))
          && register.hasEnded(id)) {
        ended.add(id);
      }
    }
    return ended;
  }

  private List<ReplicaActions.Local> locals() throws IOException {
    List<ReplicaActions.Local> locals = new ArrayList<>();
    for (String name : GuestFiles.names(paths)) {
      if (Files.exists(going(name))) {
        dropAgain(name);
        continue;
      }
      Optional<ReplicaSpec> replica = ReplicaSpec.read(paths, name);
      GuestFiles files = GuestFiles.of(paths, name);
      // A guardian that is lost while its guest ends has written no more than the wish.
      boolean ended = files.outcome().isPresent() || !files.desiredRunning();
      @Nullable String id = replica.map(ReplicaSpec::id).orElse(null);
      boolean leads = !ended && (replica.isEmpty() || replica.get().founds() || parts.leads(name));
      locals.add(new ReplicaActions.Local(name, id, leads, ended));
    }
    return locals;
  }

  private void dropAgain(String name) {
    try {
      drop(name);
    } catch (IOException | RefusedException e) {
      tell("guest " + name + ": what this host keeps of it cannot be dropped: " + e.getMessage());
    }
  }

  private void act(ReplicaActions.Action action) throws IOException {
    String name = action.name();
    switch (action.kind()) {
      case CREATE -> create(name, action.id());
      case DROP -> drop(name);
      case SETTLE -> {
        ReplicaSpec.settle(paths, name);
        log.accept("guest " + name + " has ended and is replicated no longer");
      }
      case CONFLICT ->
          tell(
              "guest "
                  + name
                  + " of the cluster cannot be kept here: this host has another of that name");
      case UNKNOWN ->
          tell(
              "guest "
                  + name
                  + " runs here, and the cluster does not know it, so no host takes it over: what"
                  + " the coordination service stored is lost; stop and start it, then protect it");
      case KEPT ->
          tell(
              "guest "
                  + name
                  + ": a replica is kept here, and the cluster knows neither the guest nor that it"
                  + " has ended; 'tardigrade delete "
                  + name
                  + "' on this host gives it up");
      case RECLAIM -> reclaim(name, action.id());
    }
  }

  /** What a process that was killed has left, unless it is being founded right now. */
  private void reclaim(String name, String id) throws IOException {
    Optional<ResetLock> lock = ResetLock.take(paths);
    if (lock.isEmpty()) {
      return;
    }
    try (ResetLock _ = lock.get()) {
      boolean founds =
          ReplicaSpec.read(paths, name).filter(replica -> replica.id().equals(id)).isPresent();
      if (!founds && register.forgetLeftover(name, id, self)) {
        log.accept(
            "guest "
                + name
                + ": what an attempt to protect it, or to end that, has left is taken back");
      }
    }
  }

  private void create(String name, String id) throws IOException {
    GuestDefinition guest =
        GuestDefinition.decode(register.definition(id).orElseThrow(() -> gone(name)));
    List<String> sources = sources(id);
    keeper.create(guest, (file, to) -> fetch(sources, name, file, to));
    log.accept("guest " + name + ": this host is to keep a replica");
    parts.startWanted();
  }

  private static IOException gone(String name) {
    return new IOException("guest " + name + " is no longer known");
  }

  /** Who has what the guest boots from: whoever runs it, or another that keeps it. */
  private List<String> sources(String id) throws IOException {
    List<String> sources = new ArrayList<>();
    View view = register.view(id);
    sources.add(view.primary());
    sources.addAll(view.backups());
    sources.addAll(register.assigned(id));
    return sources.stream()
        .filter(host -> !host.isEmpty() && !host.equals(self))
        .distinct()
        .toList();
  }

  private void fetch(List<String> sources, String name, String file, Path to) throws IOException {
    IOException failed = new IOException("no host has its file " + file);
    for (String host : sources) {
      try {
        parts.fetch(host, name, file, to);
        return;
      } catch (IOException e) {
        failed = e;
      }
    }
    throw failed;
  }

  /** Takes away what this host has of a guest, whatever the cluster knows of it. */
  public synchronized void drop(String name) throws IOException {
    // First: a guest that is not wanted, and no more is known of, is taken for one that has ended.
    Files.writeString(going(name), "");
    GuestFiles.of(paths, name).writeDesired(false);
    guardian(name).ifPresent(Replicas::end);
    List<String> kept = keeper.drop(name);
    log.accept(
        "guest "
            + name
            + ": this host keeps no replica any longer"
            + (kept.isEmpty() ? "" : "; what its volumes were here is kept as volume ")
            + String.join(", ", kept));
  }

  /** There while a replica is being dropped, which may be cut short. */
  private Path going(String name) {
    return paths.guest(name).resolve("replica-going");
  }

  /** The process that says that it serves the guest, if it is a guardian and not gone. */
  private Optional<ProcessHandle> guardian(String name) throws IOException {
    Path file = paths.guestRun(name).resolve("serving");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      long pid = Long.parseLong(Files.readString(file).strip());
      String command = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
      return command.contains(GUARDIAN) ? ProcessHandle.of(pid) : Optional.empty();
    } catch (NumberFormatException | NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static void end(ProcessHandle guardian) {
    boolean _ = guardian.destroyForcibly();
    try {
      var _ = guardian.onExit().get(GUARDIAN_END_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      // Whoever takes its files away waits for its lock, and says so.
    }
  }

  /** Once, as long as nothing else is told. */
  private void tell(String line) {
    if (told.add(Objects.requireNonNull(line))) {
      log.accept(line);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
