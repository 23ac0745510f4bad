package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.preserve.PanicLog;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.History.Outcome;
import io.tardigrade.recovery.Moment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the recovery manager makes of its history in the operating system after that. */
class NextSystemTest extends WatchedHost {
  @Test
  void hostThatWentDownWithoutNoticeWasReset() throws Exception {
    new HistoryFile(paths.state())
        .store(new HistoryFile.Content("boot-0", false, History.NONE), true);
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("host", "io-error", 0));
    open();
    assertThat(history().resets()).singleElement().matches(r -> r.outcome() == Outcome.DONE);
    care.close();
    assertThat(incident().timeline())
        .extracting(Incident.Step::text)
        .as("what went before is told on")
        .contains("the host went down without notice and came up again");
    assertThat(incidentsOfHost()).as("no second story").hasSize(1);
    put("proc/sys/kernel/random/boot_id", "boot-2\n");
    open();
    assertThat(history().resets()).as("it ended as it was asked to").hasSize(1);
  }

  @Test
  void whatTheKernelPanickedForIsTold() throws Exception {
    new HistoryFile(paths.state())
        .store(new HistoryFile.Content("boot-0", false, History.NONE), true);
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("host", "io-error", 0));
    Path kept = PanicLog.file(paths.incidents(), "boot-0");
    Files.writeString(kept, "[ 9.1] Kernel panic - not syncing: Fatal exception\n");
    open();
    care.close();
    assertThat(incident().timeline())
        .extracting(Incident.Step::text)
        .contains(
            "the host went down without notice and came up again: its kernel panicked,"
                + " 'Fatal exception'; its log is kept in "
                + kept);
  }

  private void storePendingReset() throws IOException {
    History history =
        new History(
            List.of(),
            List.of(),
            List.of(
                new History.Reset(
                    "kernel-oops", new Moment(1, 1, "boot-0"), Outcome.PENDING, null)),
            List.of());
    new HistoryFile(paths.state()).store(new HistoryFile.Content("boot-0", false, history), true);
  }

  private void wantGuest(State state) throws IOException {
    Files.createDirectories(paths.guest("kv"));
    Files.writeString(paths.guest("kv").resolve("desired"), "running\n");
    guests.add(RecoveryMetricsTest.guest("kv", state));
  }

  private void guestTellsWhatItFelt() throws IOException {
    guests.set(0, RecoveryMetricsTest.guest("kv", State.RUNNING));
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("kv", "host-reset", 12.3));
  }

  private static Incident incidentOf(String guest, String cause, double blackoutSeconds) {
    Instant now = Instant.now();
    return new Incident(
        "",
        guest,
        now,
        cause,
        "for a test",
        List.of(),
        List.of(new Incident.Step(now, "decided", "reset the operating system")),
        Map.of(),
        blackoutSeconds,
        7,
        guest.equals("host") ? "under way" : "recovered");
  }

  private Incident newestOfHost(String cause) throws IOException {
    return new IncidentStore(paths.incidents())
        .newestOf("host", incident -> incident.cause().equals(cause))
        .orElseThrow();
  }

  @Test
  void resetThatBroughtAllGuestsBackIsDone() throws Exception {
    storePendingReset();
    port.seal("the kernel oopsed");
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("host", "kernel-oops", 0));
    wantGuest(State.RECOVERING);
    open();
    care.look();
    assertThat(history().resets().getLast().outcome()).isEqualTo(Outcome.PENDING);
    awaitPhases();
    // Whichever agent is there by then: the one that came up first need not live so long.
    care.close();
    open();
    care.look();
    assertThat(history().resets()).singleElement().matches(r -> r.outcome() == Outcome.PENDING);
    guestTellsWhatItFelt();
    lookUntil(() -> history().resets().getLast().outcome() != Outcome.PENDING);
    assertThat(history().resets()).singleElement().matches(r -> r.outcome() == Outcome.DONE);
    care.close();
    assertThat(newestOfHost("kernel-oops").timeline())
        .extracting(s -> s.kind() + ": " + s.text())
        .as("one story across operating systems and agents")
        .containsSubsequence(
            "decided: reset the operating system",
            "done: 1 guest stood still: kv",
            "done: manifest sealed, jump into the next kernel",
            "seen: the next kernel runs",
            "seen: its first process runs",
            "seen: the agent runs",
            "done: all guests run that could go on",
            "done: the agent ends; the next one goes on",
            "done: a new operating system runs beneath all guests")
        .anyMatch(t -> t.startsWith("done: the next operating system has booted, "))
        .anyMatch(t -> t.startsWith("felt: kv stood still for 12.3 s and went on, see incident "));
  }

  @Test
  void resetIsOneIncidentWithItsPhases() throws Exception {
    storePendingReset();
    port.seal("the kernel oopsed");
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("host", "kernel-oops", 0));
    open();
    awaitPhases();

    assertThat(incidentsOfHost()).hasSize(1);
    Incident told = newestOfHost("kernel-oops");
    assertThat(told.phaseSeconds())
        .containsOnlyKeys(
            "freeze",
            "seal",
            "kexec to kernel",
            "kernel to init",
            "init to agent",
            "agent to guests");
    assertThat(told.blackoutSeconds()).isEqualTo(6);
    assertThat(told.evidence()).contains("the boot that was ended: boot-0", "its kernel: 6.1.0");
  }

  @Test
  void hostThatWasLostTellsOfItsBootAndOfItsGuestsInOneIncident() throws Exception {
    new HistoryFile(paths.state())
        .store(new HistoryFile.Content("boot-0", false, History.NONE), true);
    wantGuest(State.RECOVERING);
    open();
    awaitPhases();
    guests.set(0, RecoveryMetricsTest.guest("kv", State.RUNNING));
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("kv", "host-lost", 9.5));
    lookUntil(
        () -> newestOfHost("host-lost").timeline().stream().anyMatch(s -> s.kind().equals("felt")));
    care.close();

    assertThat(incidentsOfHost()).hasSize(1);
    Incident told = newestOfHost("host-lost");
    assertThat(told.phaseSeconds())
        .containsExactly(
            Map.entry("kernel to init", 2.0),
            Map.entry("init to agent", 1.0),
            Map.entry("agent to guests", 2.0));
    assertThat(told.blackoutSeconds()).as("nobody knows when the host stopped").isZero();
    assertThat(told.timeline())
        .extracting(s -> s.kind() + ": " + s.text())
        .containsSubsequence(
            "seen: the next kernel runs",
            "done: all guests run that could go on",
            "seen: the host went down without notice and came up again",
            "done: a new operating system runs beneath all guests")
        .anyMatch(t -> t.startsWith("felt: kv stood still for 9.5"));
    assertThat(history().resets())
        .as("nobody decided on it: its end is none of the ladder's")
        .singleElement()
        .matches(r -> r.outcome() == Outcome.DONE);
    assertThat(events()).contains("host-lost").doesNotContain("reset-done");
  }

  private List<Incident> incidentsOfHost() throws IOException {
    return new IncidentStore(paths.incidents())
        .list().stream().filter(incident -> incident.guest().equals("host")).toList();
  }

  private void awaitPhases() throws Exception {
    lookUntil(() -> incidentsOfHost().stream().anyMatch(i -> !i.phaseSeconds().isEmpty()));
  }

  @Test
  void resetByAnOperatorIsJudgedAndToldButUsesUpNoLimit() throws Exception {
    new HistoryFile(paths.state())
        .store(new HistoryFile.Content("boot-0", false, History.NONE), true);
    // The trouble for which the operator did that, perhaps.
    var _ = new IncidentStore(paths.incidents()).save(incidentOf("host", "kernel-oops", 0));
    port.seal("new kernel");
    port.armed = true;
    wantGuest(State.RECOVERING);
    open();
    care.look();
    assertThat(history().resets())
        .singleElement()
        .matches(r -> r.outcome() == Outcome.PENDING && r.cause().equals(History.OPERATOR));
    awaitPhases();
    guestTellsWhatItFelt();
    lookUntil(() -> history().resets().getLast().outcome() != Outcome.PENDING);
    assertThat(history().resets()).singleElement().matches(r -> r.outcome() == Outcome.DONE);
    assertThat(new MaintenanceFile(paths).read().failedResets()).isZero();
    Files.writeString(dir.resolve("host/dev/kmsg"), OOPS);
    care.close();
    assertThat(events()).contains("host-reset", "reset-done").doesNotContain("host-lost");
    assertThat(new IncidentStore(paths.incidents()).list())
        .filteredOn(i -> i.guest().equals("host"))
        .extracting(i -> i.cause() + " " + i.outcome())
        .containsExactlyInAnyOrder("kernel-oops over", "operator-reset under way");
    assertThat(newestOfHost("operator-reset").summary()).contains("new kernel");
    assertThat(newestOfHost("operator-reset").timeline())
        .extracting(Incident.Step::kind)
        .startsWith(
            "decided", "done", "done", "seen", "seen", "seen", "done", "done", "done", "felt");
    assertThat(newestOfHost("operator-reset").at()).isEqualTo(BEGUN);
    // The ladder may reset at once where it has to.
    open();
    lookUntil(() -> port.historyAtReset.get() != null);
  }

  @Test
  void resetThatLostAGuestHasFailed() throws Exception {
    storePendingReset();
    guests.add(RecoveryMetricsTest.guest("kv", State.FAILED));
    open();
    lookUntil(() -> history().resets().getLast().outcome() != Outcome.PENDING);
    assertThat(history().resets().getLast().outcome()).isEqualTo(Outcome.FAILED);
    assertThat(new MaintenanceFile(paths).read().failedResets()).isEqualTo(1);
  }
}
