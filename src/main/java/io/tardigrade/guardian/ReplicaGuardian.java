package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.cluster.MemberThread;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.network.Tap;
import io.tardigrade.replica.ReplicaStore;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.View;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A guardian as a member of its guest's view: waits as a backup, with a spare hypervisor ready, and
 * serves the guest with a {@link Guardian} while this host leads.
 *
 * <pre>
 *   waiting ── the member orders a {@link Reign} ──▶ serving ── taken away ──▶ waiting
 *                                                      └── powered off ──▶ ended
 * </pre>
 *
 * <p>{@link #run} is the main thread. It must not wait for the member, which may be waiting for it,
 * from the moment a reign is ordered; see {@link Orders}.
 */
final class ReplicaGuardian implements ControlServer.Requests, Closeable {
  private static final long LOOK_MILLIS = 200;
  private static final long ANSWER_MILLIS_MAX = 1_000;
  private static final long NOTE_RETRY_MILLIS = 1_000;

  private final HostPaths paths;
  private final GuestSpec spec;
  private final ReplicaStore store;
  private final MemberThread member;
  private final ColdStarting cold;
  private final Devices devices;
  private final Ending ending;
  private final ReplicaSpares spares;
  private final Publishing publishing;
  private ReplicaSpec replica;
  private final Orders orders;
  private @Nullable Reign reign;
  private volatile long turnNanos = System.nanoTime();
  private volatile Map<String, Double> takeover = Map.of();

  /** What the guest needs wherever it runs, held open as long as this process lives. */
  record Devices(Tap tap, Console console) {}

  /** What the process around it does at the ends of the guest's life. */
  interface Ending {
    /** Has the cluster forget a guest that has powered off here; waits for it. */
    void forget() throws IOException;

    /** Ends this process at once. */
    void halt(int status);
  }

  /**
   * @param member is started already, or will be
   * @param cold looks after a guest whose memory is lost
   */
  ReplicaGuardian(
      HostPaths paths,
      GuestSpec spec,
      ReplicaSpec replica,
      ReplicaStore store,
      MemberThread member,
      ColdStarting cold,
      Devices devices,
      Ending ending) {
    this.paths = paths;
    this.spec = spec;
    this.replica = replica;
    this.store = store;
    this.member = member;
    this.cold = cold;
    this.devices = devices;
    this.ending = ending;
    this.orders = new Orders(member);
    this.spares = new ReplicaSpares(paths, spec, store);
    this.publishing = Publishing.of(paths, spec);
  }

  // --- told by other threads --------------------------------------------------------------------

  /** The member wants the guest to run here. */
  void order(Reign begun) {
    orders.order(begun);
  }

  // --- main thread ------------------------------------------------------------------------------

  /** Serves until the guest ends, or is not wanted here; returns null where it was frozen. */
  @Nullable Outcome run() throws IOException {
    boolean told = false;
    while (true) {
      turnNanos = System.nanoTime();
      Reign next = orders.await(LOOK_MILLIS);
      if (next != null) {
        synchronized (this) {
          reign = next;
        }
        Outcome outcome = serve(next);
        if (outcome != null) {
          return outcome;
        }
        continue;
      }
      Waiting waiting =
          orders.ask(
              m ->
                  new Waiting(
                      m.leads(), m.view().primary(), store.isWhole() ? store.image() : null),
              () -> turnNanos = System.nanoTime());
      if (waiting != null && !waiting.leads()) {
        if (!told && !waiting.primary().isEmpty()) {
          // Whoever was killed while it led has left them published.
          publishing.runsHere(false);
          told = true;
        }
        spares.keep(waiting.image());
      }
    }
  }

  /**
   * What the member says while no reign is served. Where it leads a reign is being ordered, which
   * is to find the spare that is there.
   *
   * @param primary of the view, empty where there is none yet
   * @param image to keep a spare on; null where there is none
   */
  private record Waiting(boolean leads, String primary, @Nullable CommittedImage image) {}

  /** Runs the guest; null where it was taken from this host. */
  private @Nullable Outcome serve(Reign now) throws IOException {
    if (now.isOver()) {
      now.left();
      return null;
    }
    CommittedImage image = store.image();
    try (Resources resources =
            Resources.ofMember(
                paths,
                spec,
                image,
                store.volumes(),
                devices.tap(),
                devices.console(),
                spares.of(image),
                store::nextNumber);
        Guardian guardian =
            new Guardian(
                paths,
                spec,
                resources,
                wake -> new ReplicaCommitter(store, member, resources, wake))) {
      if (!(guardian.committer() instanceof ReplicaCommitter commits)) {
        throw new IllegalStateException("a member's guest is committed by its member");
      }
      now.serve(guardian, commits);
      try {
        boolean boots = image.isCold() && !now.before().cause().equals(PredecessorLoss.MEMORY_LOST);
        return guardian.run(boots ? null : now.before(), new ServedHere(now, guardian));
      } catch (IOException e) {
        if (!now.isOver()) {
          throw e;
        }
        resources.output().dropUncommitted();
        publishing.runsHere(false);
        Log.info("the guest is not led from here any longer");
        return null;
      }
    } finally {
      synchronized (this) {
        reign = null;
      }
      now.left();
    }
  }

  /** What happens at the turns of the guest's life while this host leads. */
  private final class ServedHere implements Serving {
    private final Reign now;
    private final Guardian guardian;

    ServedHere(Reign now, Guardian guardian) {
      this.now = now;
      this.guardian = guardian;
    }

    @Override
    public void begins() {
      Announcing.begin(devices.tap(), spec, now::isOver);
      publishing.runsHere(true);
      takeover = guardian.lastPhases();
      Thread.startVirtualThread(this::noteReign);
    }

    /** Nobody waits for the disk. */
    private void noteReign() {
      try {
        Optional<Long> led =
            member
                .call(m -> m.leads() ? Optional.of(m.view().reign()) : Optional.<Long>empty())
                .get();
        if (led.isPresent()) {
          new LastReign(replica.id(), led.get())
              .keepWriting(paths, spec.name(), now::isOver, NOTE_RETRY_MILLIS);
        }
      } catch (ExecutionException | CancellationException e) {
        Log.warn("that the guest runs here is not noted on disk: " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void ends() throws IOException {
      // First: a replica that the cluster does not know and that is wanted running is dropped, and
      // its disks with it. Who is lost between the two leaves a guest that has ended.
      GuestFiles files = GuestFiles.of(paths, spec.name());
      files.writeDesired(false);
      try {
        ending.forget();
      } catch (IOException e) {
        files.writeDesired(true);
        throw e;
      }
      try {
        ReplicaSpec.settle(paths, spec.name());
      } catch (IOException e) {
        // It has ended all the same: the agent settles it.
        Log.warn("the guest is replicated no longer, which cannot be noted: " + e.getMessage());
      }
      member.close();
    }

    @Override
    public void frozen() {
      ending.halt(Main.FROZEN_STATUS);
    }
  }

  // --- requests ---------------------------------------------------------------------------------

  private synchronized @Nullable Guardian guardian() {
    return reign == null ? null : reign.guardian();
  }

  private record Told(
      boolean leads, boolean named, View view, String protection, List<String> attached) {}

  @Override
  public GuestStatus status() {
    Guardian serving = guardian();
    GuestStatus status =
        serving == null
            ? StatusReport.of(
                spec,
                GuestStatus.State.BACKUP,
                null,
                null,
                spares.isReady(),
                new Statistics(0).report(spec.engine(), 0),
                new GuestStatus.Recoveries(0, null, null, null))
            : serving.status();
    return status.as(told());
  }

  private GuestStatus.Replica told() {
    try {
      Told told =
          member
              .call(m ->
                  new Told(
                      m.leads(),
                      m.isPrimary(),
                      m.view(),
                      m.protection().text(),
                      List.copyOf(m.attached())))
              .get(ANSWER_MILLIS_MAX, TimeUnit.MILLISECONDS);
      return new GuestStatus.Replica(
          replica.id(),
          told.leads() ? "primary" : told.named() ? "busy" : "backup",
          told.view().number(),
          told.view().primary(),
          told.view().backups(),
          told.leads() ? told.protection() : cold.waits(),
          takeover);
    } catch (ExecutionException | TimeoutException | CancellationException e) {
      return new GuestStatus.Replica(replica.id(), "busy", 0, "", List.of(), "", takeover);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new GuestStatus.Replica(replica.id(), "busy", 0, "", List.of(), "", takeover);
    }
  }

  private static IOException elsewhere(String primary) {
    return new IOException(
        "the guest is run by " + (primary.isEmpty() ? "no host yet" : "host " + primary));
  }

  @Override
  public void stop(long timeoutMillis) throws IOException {
    Guardian serving = guardian();
    if (serving == null) {
      throw elsewhere(told().primary());
    }
    serving.stop(timeoutMillis);
  }

  @Override
  public void freeze() throws IOException {
    Guardian serving = guardian();
    GuestStatus.Replica now = told();
    if (serving == null) {
      throw elsewhere(now.primary());
    }
    if (!now.backups().isEmpty()) {
      throw new IOException(
          "backups " + now.backups() + " would take it over; switch it over, or protect it with 0");
    }
    serving.freeze();
  }

  @Override
  public void switchOver(String host) throws IOException {
    String against = askNow(m -> m.switchOver(host, System.nanoTime()));
    if (!against.isEmpty()) {
      throw new IOException(against);
    }
  }

  @Override
  public void failOver() throws IOException {
    String against = askNow(m -> m.failOver(System.nanoTime()));
    if (!against.isEmpty()) {
      throw new IOException(against);
    }
  }

  @Override
  public String bootFromDisk() throws IOException {
    boolean whole = askNow(m -> store.isWhole());
    return cold.bootFromDisk(whole);
  }

  @Override
  public void protect(int backups) throws IOException {
    ReplicaSpec wanted;
    synchronized (this) {
      wanted = replica.withBackups(backups);
      wanted.write(paths, spec.name());
      replica = wanted;
    }
    boolean _ =
        askNow(m -> {
          m.protect(wanted.backups(), CommittedImage.bytesNeeded(spec.memoryBytes()));
          return true;
        });
  }

  private <T> T askNow(Function<Member, T> what) throws IOException {
    try {
      return member.call(what).get(ANSWER_MILLIS_MAX, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException | CancellationException e) {
      throw new IOException("the guest's member does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void resetStatistics() {
    Guardian serving = guardian();
    if (serving != null) {
      serving.resetStatistics();
    }
  }

  @Override
  public long turnNanosAgo() {
    Guardian serving = guardian();
    return serving == null ? System.nanoTime() - turnNanos : serving.turnNanosAgo();
  }

  @Override
  public void type(ByteBuffer bytes) throws IOException {
    Guardian serving = guardian();
    if (serving != null) {
      serving.type(bytes);
    } else {
      bytes.position(bytes.limit());
    }
  }

  Path socket() {
    return paths.guestRun(spec.name()).resolve("guardian.sock");
  }

  @Override
  public void close() throws IOException {
    member.close();
    spares.close();
  }
}
