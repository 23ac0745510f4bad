package io.tardigrade.cli;

import io.tardigrade.control.HostControl;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.process.AgentLauncher;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "2m",
      description = "How long to wait for them (default 2m).")
  private String timeout = "";

  @Mixin private OutputOption output = new OutputOption();

  /** A guest that was left, and what became of it. */
  record Resumed(String guest, String state, String detail) {}

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
    List<String> left = left();
    if (!left.isEmpty()) {
      var _ = AgentLauncher.ensureAny(paths(), session()::progress);
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
    boolean all = resumed.stream().noneMatch(guest -> guest.state().equals("failed"));
    return (all ? ExitCode.DONE : ExitCode.FAILED).code();
  }

  /** Guests that lived when another kernel ran. */
  private List<String> left() throws IOException {
    String boot = BootId.current();
    List<String> names = new ArrayList<>();
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

  /** The incident of this very boot; it is written behind the recovery. */
  private Optional<Incident> incident(GuestStatus status) throws IOException {
    String id = status.recoveries().lastIncident();
    if (status.state() != GuestStatus.State.RUNNING || id == null) {
      return Optional.empty();
    }
    Instant boot = BootId.startedAt();
    return new IncidentStore(paths().incidents())
        .find(id)
        .filter(
            found -> !found.timeline().isEmpty() && found.timeline().getLast().at().isAfter(boot));
  }

  /** What happened and where the time went. */
  private static String told(Incident incident) {
    String phases =
        incident.phaseSeconds().entrySet().stream()
            .map(phase -> phase.getKey() + " " + Quantities.seconds(phase.getValue()))
            .collect(Collectors.joining(", "));
    return incident.cause()
        + ", stood still for "
        + Quantities.seconds(incident.blackoutSeconds())
        + ": "
        + phases;
  }

  private Resumed await(String name, long deadlineNanos) throws IOException, InterruptedException {
    GuestFiles files = GuestFiles.of(paths(), name);
    HostControl control = new HostControl(paths(), () -> {});
    while (System.nanoTime() - deadlineNanos < 0) {
      Optional<GuestFiles.Outcome> outcome = files.outcome();
      if (outcome.isPresent()) {
        return new Resumed(
            name,
            outcome.get().state().name().toLowerCase(java.util.Locale.ROOT),
            outcome.get().reason());
      }
      Optional<GuestStatus> status = control.status(name);
      Optional<Incident> told = status.isPresent() ? incident(status.get()) : Optional.empty();
      if (told.isPresent()) {
        return new Resumed(name, "running", told(told.get()));
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '" + name + "' does not run yet; look at 'tardigrade show " + name + "'");
  }
}
