package io.tardigrade.agent;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.HostControl;
import io.tardigrade.control.HostService;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.linux.ServiceManager;
import io.tardigrade.monitor.HostSource;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.process.AgentInfo;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.AgentStart;
import io.tardigrade.process.Program;
import io.tardigrade.recoverymanager.RecoveryManager;
import io.tardigrade.reset.ClusterRepair;
import io.tardigrade.reset.Repair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The agent of a host, from taking its lock to letting go of it. Guardians and their guests are
 * taken over from the agent before and left to the agent after.
 */
public final class Agent {
  /** An agent that is asked to end gives requests that are being answered so long. */
  private static final long END_MILLIS_MAX = 2500;

  private final HostPaths paths;
  private final boolean service;
  private final ServiceManager manager;
  private volatile Supplier<ClusterService.@Nullable Membership> member = () -> null;

  private Agent(HostPaths paths, boolean service, ServiceManager manager) {
    this.paths = paths;
    this.service = service;
    this.manager = manager;
  }

  /**
   * Serves for as long as this process is left to, as a service manager or a person wants it. Takes
   * over from an agent that a command has started.
   *
   * @throws RefusedException where another one does so already
   */
  public static void serve(HostPaths paths, ServiceManager manager) throws IOException {
    Files.createDirectories(paths.run());
    try {
      refuseSecondService(paths);
    } catch (RefusedException e) {
      AgentStart.retract(paths);
      throw e;
    }
    AgentLock lock = AgentLock.takeOver(AgentLauncher.pidFile(paths), AgentLock.ANY);
    if (lock == null) {
      throw new IllegalStateException("any agent was to be replaced");
    }
    new Agent(paths, true, manager).run(lock, false);
  }

  private static void refuseSecondService(HostPaths paths) {
    AgentInfo running;
    try {
      running = AgentLauncher.ask(paths, TimeUnit.SECONDS.toMillis(10));
    } catch (IOException e) {
      // None runs, or it hangs: then it is replaced.
      return;
    }
    if (running.service()) {
      throw RefusedException.conflict(
          "an agent runs here as a service already (process "
              + running.pid()
              + "): stop that one first, like 'systemctl stop tardigrade-agent'");
    }
  }

  /**
   * Serves until no guest is to run, as is right for an agent that a command has started.
   *
   * @param replaced process id of the agent to take over from, or 0 for none
   * @return false where another agent runs
   */
  static boolean serveUntilIdle(HostPaths paths, long replaced) throws IOException {
    Files.createDirectories(paths.run());
    Path file = AgentLauncher.pidFile(paths);
    @Nullable AgentLock lock =
        replaced > 0 ? AgentLock.takeOver(file, replaced) : AgentLock.tryTake(file);
    if (lock == null) {
      AgentStart.retract(paths);
      return false;
    }
    new Agent(paths, false, ServiceManager.of(Map.of())).run(lock, true);
    return true;
  }

  private void run(AgentLock lock, boolean untilIdle) throws IOException {
    // Before any guest: one whose image lies there must not be taken for lost.
    new PreservedMemory(paths).bringUp().ifPresent(why -> log("preserved memory: " + why));
    EarlyGuardians early = EarlyGuardians.ofThisProcess(paths);
    Supervisor supervisor = new Supervisor(paths, manager, early);
    AgentInfo info =
        new AgentInfo(
            Program.version(),
            Program.build(),
            Runtime.version().toString(),
            ProcessHandle.current().pid(),
            service,
            Instant.now().truncatedTo(ChronoUnit.MILLIS));
    CountDownLatch ended = new CountDownLatch(1);
    endWhenAsked(supervisor, ended);
    Instant ranAt = early.ranAt();
    Instant resumedAt = ranAt == null ? Instant.now() : ranAt;
    HostService host = HostService.onHost(paths, supervisor::scanNow);
    Thread.ofVirtual().start(() -> sweep(host));
    try (lock;
        supervisor;
        RecoveryManager recovery = recovery(supervisor, host, resumedAt);
        ApiServer server =
            ApiServer.listen(
                AgentLauncher.socket(paths),
                new Routes(host, info, new Metrics(recovery), supervisor::noteRequest));
        ClusterService cluster =
            new ClusterService(
                paths,
                server,
                new OwnRoom(paths, host)::now,
                member ->
                    ReplicatedGuests.begin(paths, member, host, supervisor::scanNow, Agent::log),
                Agent::log);
        RepairWatch _ = new RepairWatch(paths, cluster::now, host::guests, Agent::log)) {
      member = cluster::now;
      host.attach(cluster.api());
      server.counts(cluster::isMember);
      cluster.start();
      recovery.begin();
      log("serves at " + AgentLauncher.socket(paths) + ", version " + info.version());
      manager.ready("serves at " + AgentLauncher.socket(paths));
      String why = supervisor.run(untilIdle, server, recovery::look);
      log("ends: " + why);
      manager.stopping();
    } finally {
      AgentStart.retract(paths);
      ended.countDown();
    }
  }

  private Repair repair() {
    ClusterService.@Nullable Membership of = member.get();
    if (of != null) {
      return new ClusterRepair(of.config().name(), of.coordination().repairs(), null);
    }
    try {
      return ClusterConfig.read(paths).isEmpty()
          ? Repair.ALONE
          : Repair.unknown("the agent is not connected with its cluster yet");
    } catch (IOException e) {
      return Repair.unknown(String.valueOf(e.getMessage()));
    }
  }

  private RecoveryManager recovery(Supervisor supervisor, HostService host, Instant resumedAt) {
    return new RecoveryManager(
        paths,
        new RecoveryManager.Parts(
            Path.of("/"),
            HostSource.ofHost(List.of(paths.state(), paths.images()), Agent::log),
            supervisor,
            new PreparedHost(
                paths,
                new HostControl(paths, () -> {})::status,
                this::repair,
                resumedAt,
                Agent::log),
            host::guests),
        Agent::log);
  }

  /** At SIGTERM and SIGINT the JVM runs this, and ends when it is through. */
  private static void endWhenAsked(Supervisor supervisor, CountDownLatch ended) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  supervisor.end();
                  try {
                    boolean _ = ended.await(END_MILLIS_MAX, TimeUnit.MILLISECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                },
                "end-when-asked"));
  }

  private static void sweep(HostService host) {
    try {
      host.sweep();
    } catch (IOException | RuntimeException e) {
      log("what was half-made before cannot be taken away: " + e.getMessage());
    }
  }

  private static void log(String text) {
    System.err.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " agent " + text);
  }
}
