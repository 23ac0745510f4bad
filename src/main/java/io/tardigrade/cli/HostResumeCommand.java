package io.tardigrade.cli;

import io.tardigrade.control.HostControl;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.AgentStart;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code host resume}. */
@Command(
    name = "resume",
    description = "Resume the guests that the operating system before this one left; for units.")
final class HostResumeCommand extends Subcommand {
  private static final long POLL_MILLIS = 100;

  /** How a guest came out of it that needs a person to look at it. */
  private static final Set<String> NOT_RESUMED = Set.of("kept", "failed", "given up");

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "2m",
      description = "How long to wait for them (default 2m).")
  private String timeout = "";

  @Mixin private OutputOption output = new OutputOption();

  /** A guest that was left, and what became of it; where it stood still, for how long and why. */
  record Resumed(
      String guest,
      String state,
      String detail,
      double blackoutSeconds,
      Map<String, Double> phaseSeconds) {
    Resumed(String guest, String state, String detail) {
      this(guest, state, detail, 0, Map.of());
    }
  }

  HostResumeCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    long deadline =
        System.nanoTime()
            + TimeUnit.MILLISECONDS.toNanos(Quantities.parseMillis("timeout", timeout));
    new PreservedMemory(paths())
        .bringUp()
        .ifPresent(why -> session().progress("preserved memory: " + why));
    SortedSet<String> left = left();
    if (!left.isEmpty()) {
      // A service's agent that comes up resumes them first, and answers then.
      AgentLauncher.awaitServing(paths(), () -> AgentStart.isAnnounced(paths()));
      AgentLauncher.ensureAny(paths(), session()::progress);
    }
    // Those that are through with it already belong to the answer as well.
    for (Incident incident : ofThisBoot()) {
      left.add(incident.guest());
    }
    List<Resumed> resumed = new ArrayList<>();
    for (String name : left) {
      resumed.add(await(name, deadline));
    }
    output.list(
        session(),
        resumed,
        Resumed::guest,
        new Table<Resumed>()
            .column("GUEST", Resumed::guest)
            .column("STATE", Resumed::state)
            .column("DETAIL", Resumed::detail));
    boolean all = resumed.stream().noneMatch(guest -> NOT_RESUMED.contains(guest.state()));
    return (all ? ExitCode.DONE : ExitCode.FAILED).code();
  }

  /** Guests that lived when another kernel ran. */
  private SortedSet<String> left() throws IOException {
    String boot = BootId.current();
    SortedSet<String> names = new TreeSet<>();
    for (String name : GuestFiles.names(paths())) {
      Optional<Life> life = Life.read(paths().guest(name));
      if (GuestFiles.of(paths(), name).desiredRunning()
          && life.isPresent()
          && !life.get().bootId().equals(boot)) {
        names.add(name);
      }
    }
    return names;
  }

  /** What became of guests on this boot whose host was lost or replaced; not of the host. */
  private List<Incident> ofThisBoot() throws IOException {
    Instant boot = BootId.startedAt();
    return new IncidentStore(paths().incidents())
        .list().stream()
            .filter(incident -> incident.cause().startsWith("host-"))
            .filter(incident -> GuestFiles.of(paths(), incident.guest()).exists())
            .filter(incident ->
                !incident.timeline().isEmpty() && incident.timeline().getLast().at().isAfter(boot))
            .toList();
  }

  /** What happened and where the time went. */
  private static String told(Incident incident) {
    String phases =
        incident.phaseSeconds().entrySet().stream()
            .map(phase -> phase.getKey() + " " + Quantities.seconds(phase.getValue()))
            .collect(Collectors.joining(", "));
    if (incident.blackoutSeconds() == 0) {
      return incident.summary();
    }
    return incident.cause()
        + ", stood still for "
        + Quantities.seconds(incident.blackoutSeconds())
        + ": "
        + phases;
  }

  /** The other host that runs a guest which is kept here as well, by its view. */
  private Optional<String> runsOn(String name) {
    if (!ReplicaSpec.isAny(paths(), name)) {
      return Optional.empty();
    }
    return new HostControl(paths(), () -> {})
        .status(name)
        .map(GuestStatus::replica)
        .filter(replica -> replica.role().equals("backup") && !replica.primary().isEmpty())
        .map(GuestStatus.Replica::primary);
  }

  private Resumed await(String name, long deadlineNanos) throws IOException, InterruptedException {
    GuestFiles files = GuestFiles.of(paths(), name);
    while (System.nanoTime() - deadlineNanos < 0) {
      for (Incident incident : ofThisBoot().reversed()) {
        if (incident.guest().equals(name)) {
          return new Resumed(
              name,
              incident.outcome(),
              told(incident),
              incident.blackoutSeconds(),
              incident.phaseSeconds());
        }
      }
      Optional<GuestFiles.Outcome> outcome = files.outcome();
      if (outcome.isPresent()) {
        return new Resumed(name, "failed", outcome.get().reason());
      }
      Optional<String> elsewhere = runsOn(name);
      if (elsewhere.isPresent()) {
        return new Resumed(name, "backup", elsewhere.get() + " runs it");
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '" + name + "' does not run yet; look at 'tardigrade show " + name + "'");
  }
}
