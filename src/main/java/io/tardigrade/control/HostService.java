package io.tardigrade.control;

import io.tardigrade.doctor.Accelerators;
import io.tardigrade.doctor.Check;
import io.tardigrade.doctor.Doctor;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.Addressing;
import io.tardigrade.launch.GuestFactory;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.launch.HostImageMaker;
import io.tardigrade.launch.ImageMaker;
import io.tardigrade.launch.LaunchRequest;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.process.Program;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.recoverymanager.Maintenance;
import io.tardigrade.recoverymanager.MaintenanceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Does what is asked of this host. All it knows is in files and in guardians, so that what it tells
 * is the same in any process; what needs a guardian started is done in the agent.
 */
public final class HostService implements HostApi {
  private static final long DELETE_STOP_MILLIS = 10_000;

  private final HostPaths paths;
  private final Addressing network;
  private final ImageMaker images;
  private final GuestControl control;
  private final InstantSource clock;
  private final GuestKeeper keeper;
  private final StatusReader statuses;
  private final Elsewhere elsewhere;
  private final Supplier<List<Check>> doctor;
  private final Object examining = new Object();
  private volatile ClusterApi cluster = ClusterApi.NONE;
  private volatile @Nullable Replication replication;

  /**
   * The service of an installation, with its parts handed in.
   *
   * @param doctor checks the host
   */
  public HostService(
      HostPaths paths,
      Addressing network,
      ImageMaker images,
      GuestControl control,
      InstantSource clock,
      Supplier<List<Check>> doctor) {
    this.paths = paths;
    this.network = network;
    this.images = images;
    this.control = control;
    this.clock = clock;
    this.doctor = doctor;
    this.keeper = new GuestKeeper(paths, network);
    this.statuses = new StatusReader(paths, control);
    this.elsewhere = new Elsewhere(paths, control);
  }

  /**
   * That of this host.
   *
   * @param scan looks at the guests and starts guardians where they are missing
   */
  public static HostService onHost(HostPaths paths, Runnable scan) {
    return new HostService(
        paths,
        new HostAddressing(paths),
        new HostImageMaker(paths),
        new HostControl(paths, scan),
        InstantSource.system(),
        () -> new Doctor(paths, HostAddressing.installation(paths), _ -> {}).examine());
  }

  /** Guests are kept on several hosts from now on, or, where null, on this one alone. */
  public void replicateBy(@Nullable Replication several) {
    replication = several;
  }

  /** Has questions about the cluster answered by whoever is handed in. */
  public void attach(ClusterApi answers) {
    cluster = answers;
  }

  @Override
  public ClusterApi cluster() {
    return cluster;
  }

  /** Takes away what was half-made when an agent or a command was lost. */
  public void sweep() throws IOException {
    factory(_ -> {}).sweepLeftovers();
    for (String name : GuestFiles.names(paths)) {
      ImagePlaces places = new ImagePlaces(paths, name);
      if (places.isUntidy()) {
        tidy(places);
      }
    }
  }

  /** Unless somebody is moving it right now. */
  private void tidy(ImagePlaces places) throws IOException {
    Optional<ResetLock> lock = ResetLock.take(paths);
    if (lock.isPresent()) {
      try (ResetLock _ = lock.get()) {
        places.tidy();
      }
    }
  }

  private GuestFactory factory(Consumer<String> progress) {
    return new GuestFactory(paths, network, images, clock, progress);
  }

  @Override
  public List<GuestStatus> guests() throws IOException {
    return statuses.all();
  }

  @Override
  public GuestStatus guest(String name) throws IOException {
    if (!GuestFiles.of(paths, name).exists()) {
      elsewhere.refuse(name, replication);
    }
    var _ = keeper.find(name);
    return statuses.of(name);
  }

  @Override
  public GuestStatus run(RunRequest request, Consumer<String> progress)
      throws IOException, InterruptedException {
    // What is wrong with the request is said before seconds are spent on trying out KVM.
    LaunchRequest checked = request.toLaunch(Accelerator.TCG);
    GuestFactory factory = factory(progress);
    factory.check(checked);
    LaunchRequest launch =
        request.accelerator() != null
            ? checked
            : request.toLaunch(Accelerators.detect(paths, progress).accelerator());
    GuestSpec spec = factory.create(launch);
    try {
      return starting(spec.name(), progress);
    } catch (CancellationException e) {
      delete(spec.name());
      throw e;
    }
  }

  private GuestStatus starting(String name, Consumer<String> progress)
      throws IOException, InterruptedException {
    new Starting(paths, control, progress).start(name);
    return statuses.of(name);
  }

  @Override
  public GuestStatus start(String name, Consumer<String> progress)
      throws IOException, InterruptedException {
    elsewhere.refuse(name, replication);
    boolean _ = keeper.want(name);
    GuestStatus started = starting(name, progress);
    int backups = ReplicaSpec.wished(paths, name);
    Replication several = replication;
    if (backups == 0 || several == null || started.state() != GuestStatus.State.RUNNING) {
      return started;
    }
    try {
      several.replicate(name, ReplicationRequest.protect(backups), progress);
    } catch (RefusedException e) {
      progress.accept(name + " runs without its " + backups + " backups: " + e.getMessage());
    }
    return statuses.of(name);
  }

  @Override
  public GuestStatus stop(String name, long timeoutMillis)
      throws IOException, InterruptedException {
    elsewhere.refuse(name, replication);
    boolean _ = new Stopping(paths, keeper, control, clock).stop(name, timeoutMillis);
    return statuses.of(name);
  }

  @Override
  public GuestStatus move(String name, Place to, Consumer<String> progress)
      throws IOException, InterruptedException {
    elsewhere.refuse(name, replication);
    new Moving(paths, control, Moving.Rooms.of(paths), progress).move(name, to);
    return statuses.of(name);
  }

  @Override
  public void replicate(String name, ReplicationRequest request, Consumer<String> progress)
      throws IOException, InterruptedException {
    requireReplication().replicate(name, request, progress);
  }

  private Replication requireReplication() {
    Replication several = replication;
    if (several == null) {
      throw RefusedException.conflict(
          "this host is of no cluster, so there is nowhere to keep a backup; 'tardigrade host init'"
              + " makes one, 'tardigrade host join' joins one");
    }
    return several;
  }

  @Override
  public void delete(String name) throws IOException, InterruptedException {
    elsewhere.refuse(name, replication);
    if (elsewhere.isForsaken(name)) {
      requireReplication().giveUp(name);
      new EventLog(paths.events()).append(name, "deleted", "replica given up by the user");
      return;
    }
    boolean _ = new Stopping(paths, keeper, control, clock).stop(name, DELETE_STOP_MILLIS);
    // Nobody finds what a move left behind once the guest's name is gone.
    new ImagePlaces(paths, name).tidy();
    keeper.delete(name);
    new EventLog(paths.events()).append(name, "deleted", "deleted by the user");
  }

  @Override
  public List<Event> events(@Nullable String guest) throws IOException {
    return new EventLog(paths.events())
        .read().stream().filter(event -> isOf(guest, event.guest())).toList();
  }

  private static boolean isOf(@Nullable String wanted, String guest) {
    return wanted == null || wanted.equals(guest);
  }

  @Override
  public void follow(@Nullable String guest, Consumer<Event> consumer) throws IOException {
    new EventLog(paths.events())
        .follow(event -> {
          if (isOf(guest, event.guest())) {
            consumer.accept(event);
          }
        });
  }

  @Override
  public List<Incident> incidents(@Nullable String guest) throws IOException {
    return new IncidentStore(paths.incidents())
        .list().stream().filter(incident -> isOf(guest, incident.guest())).toList();
  }

  @Override
  public Incident incident(String id) throws IOException {
    return new IncidentStore(paths.incidents()).find(id).orElseThrow(() -> noIncident(id));
  }

  static RefusedException noIncident(String id) {
    return RefusedException.notFound(
        "no incident, or more than one, begins with '"
            + id
            + "'; 'tardigrade incident list' shows them all");
  }

  @Override
  public Maintenance maintenance() throws IOException {
    return new MaintenanceFile(paths).read();
  }

  @Override
  public Maintenance maintain(boolean on, String reason) throws IOException {
    GuestKeeper.checkStateFolder(paths);
    MaintenanceFile file = new MaintenanceFile(paths);
    if (file.isOn() != on) {
      file.set(on, reason, clock.instant());
      new EventLog(paths.events())
          .append(
              "",
              "maintenance",
              "maintenance is "
                  + (on ? "on: failures are told and nothing is done about them" : "off")
                  + (reason.isEmpty() ? "" : " (" + reason + ")"));
    }
    return file.read();
  }

  @Override
  public Maintenance acknowledge() throws IOException {
    GuestKeeper.checkStateFolder(paths);
    MaintenanceFile file = new MaintenanceFile(paths);
    file.acknowledge();
    return file.read();
  }

  @Override
  public HostFacts host() throws IOException {
    List<Check> checks;
    synchronized (examining) {
      checks = doctor.get();
    }
    return new HostFacts(
        Files.readString(Path.of("/proc/sys/kernel/hostname")).strip(),
        Program.version(),
        Runtime.version().toString(),
        Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
        Runtime.getRuntime().availableProcessors(),
        paths.state().toString(),
        Doctor.isFit(checks),
        checks);
  }
}
