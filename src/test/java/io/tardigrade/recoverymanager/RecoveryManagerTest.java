package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.diagnosis.ArchiveIndex;
import io.tardigrade.diagnosis.ArchiveReader;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.monitor.HostSource;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.preserve.PanicLog;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.History.Outcome;
import io.tardigrade.recovery.Moment;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recovery manager over a host whose kernel is a folder of files. */
class RecoveryManagerTest {
  private static final String OOPS = "0,1,89990000000,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n";

  private static final Instant BEGUN = Instant.now();

  @TempDir Path dir;
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private final Machine machine = new Machine();
  private final Port port = new Port();
  private final List<GuestStatus> guests = new ArrayList<>();
  private HostPaths paths;
  private RecoveryManager care;

  /** Services that are as a test says. */
  private static final class Machine implements Services {
    ServiceSample.State guardian = ServiceSample.State.RUNNING;
    boolean gotOn;
    final List<String> recycled = Collections.synchronizedList(new ArrayList<>());
    final List<String> why = Collections.synchronizedList(new ArrayList<>());

    @Override
    public List<ServiceSample> sample(long now) {
      return List.of(
          sample(ServiceId.AGENT, ServiceSample.State.RUNNING, now),
          sample(ServiceId.guardian("kv"), guardian, now),
          sample(ServiceId.hypervisor("kv"), ServiceSample.State.RUNNING, now));
    }

    private static ServiceSample sample(ServiceId id, ServiceSample.State state, long now) {
      return new ServiceSample(id, state, 1, now, 1, 0, 1 << 30, "for a test");
    }

    @Override
    public List<String> recovered() {
      return gotOn ? List.of("kv") : List.of();
    }

    @Override
    public void recycle(Target target, String sentence) {
      recycled.add(target.service().text());
      why.add(sentence);
      guardian = ServiceSample.State.RUNNING;
    }
  }

  /** A host that could be reset, or not. */
  private final class Port implements ResetPort {
    boolean armed;
    String failure = "kexec said no";
    Optional<Sealed> sealed = Optional.empty();

    Booted booted =
        new Booted(
            BEGUN.plusSeconds(1), BEGUN.plusSeconds(3), BEGUN.plusSeconds(4), BEGUN.plusSeconds(6));

    void seal(String reason) {
      sealed =
          Optional.of(
              new Sealed(
                  reason,
                  BEGUN,
                  BEGUN.plusMillis(100),
                  BEGUN.plusMillis(300),
                  "boot-0",
                  "6.1.0",
                  List.of("kv")));
    }

    final AtomicReference<History> historyAtReset = new AtomicReference<>();

    @Override
    public Preserved preserved() {
      return new Preserved(armed, armed ? "" : "for a test");
    }

    @Override
    public List<GuestFate> fates() {
      return List.of(new GuestFate("kv", true, "", false));
    }

    @Override
    public Optional<Sealed> sealedBy(String bootId) {
      return bootId.equals("boot-0") ? sealed : Optional.empty();
    }

    @Override
    public Booted booted() {
      return booted;
    }

    @Override
    public void reset(String reason) throws IOException {
      historyAtReset.set(new HistoryFile(paths.state()).peek());
      throw new IOException(failure);
    }
  }

  @BeforeEach
  void makeHost() throws IOException {
    paths = HostPaths.of(Map.of("TARDIGRADE_STATE", dir.resolve("state").toString()));
    put("proc/uptime", "90000.00 2000.00\n");
    put("proc/sys/kernel/random/boot_id", "boot-1\n");
    put("proc/sys/kernel/tainted", "0\n");
    put("proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 8000000 kB\nAnonPages: 1000000 kB\n");
    put("dev/kmsg", "");
  }

  private void put(String file, String text) throws IOException {
    Path path = dir.resolve("host").resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void open() throws IOException {
    Path root = dir.resolve("host");
    care =
        new RecoveryManager(
            paths,
            new RecoveryManager.Parts(
                root,
                HostSource.under(root, List.of(), log::add),
                machine,
                port,
                () -> List.copyOf(guests)),
            log::add);
    care.begin();
  }

  @AfterEach
  void close() {
    if (care != null) {
      care.close();
    }
  }

  private void lookUntil(Callable<Boolean> done) {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> {
          care.look();
          return done.call();
        });
  }

  private void lookFor(int millis) throws InterruptedException {
    for (int i = 0; i < millis / 20; i++) {
      care.look();
      Thread.sleep(20);
    }
  }

  private History history() {
    return new HistoryFile(paths.state()).peek();
  }

  private List<String> events() throws IOException {
    return new EventLog(paths.events()).read().stream().map(Event::type).toList();
  }

  private Incident incident() throws IOException {
    List<Incident> all = new IncidentStore(paths.incidents()).list();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  @Test
  void hostWithNothingWrongIsLeftAlone() throws Exception {
    open();
    lookFor(2500);
    care.close();
    assertThat(new IncidentStore(paths.incidents()).list()).isEmpty();
    assertThat(events()).isEmpty();
    assertThat(history()).isEqualTo(History.NONE);
    assertThat(machine.recycled).isEmpty();
    assertThat(log).noneMatch(l -> l.contains("could not"));
  }

  @Test
  void oopsOnAHostThatIsNotPreparedIsDiagnosedAndThenAdvisedUpon() throws Exception {
    put("dev/kmsg", OOPS);
    open();
    lookUntil(() -> history().advices().size() == 1);
    care.close();
    Incident incident = incident();
    assertThat(incident.guest()).isEqualTo("host");
    assertThat(incident.cause()).isEqualTo("kernel-oops");
    assertThat(incident.timeline())
        .extracting(Incident.Step::kind)
        .startsWith("seen", "decided", "done", "felt", "decided");
    assertThat(incident.timeline().getFirst().text()).contains("Oops: 0002");
    assertThat(incident.timeline().get(1).text())
        .startsWith("diagnose: kernel-oops, because")
        .contains("no service is at fault");
    assertThat(incident.timeline().get(4).text())
        .startsWith("advise: reset this host by hand")
        .contains("preserved memory is not armed: for a test");
    Path archive = new IncidentStore(paths.incidents()).archive(incident.id());
    assertThat(incident.evidence().getFirst()).startsWith("diagnosis archive: " + archive + " (");
    ArchiveIndex index = ArchiveReader.verify(archive);
    assertThat(index.incident()).isEqualTo(incident.id());
    assertThat(index.cause()).isEqualTo("kernel-oops");
    assertThat(index.entries())
        .extracting(ArchiveIndex.Entry::name)
        .contains("kernel/log.txt", "state/findings.json", "state/agent-threads.txt");
    assertThat(history().diagnoses()).singleElement().matches(History.Diagnosis::kept);
    assertThat(history().resets()).isEmpty();
    assertThat(events()).containsExactly("diagnosed", "advised");
  }

  @Test
  void armedHostIsResetAfterADiagnosisAndNotBeforeThatIsWrittenDown() throws Exception {
    put("dev/kmsg", OOPS);
    port.armed = true;
    open();
    lookUntil(() -> !history().resets().isEmpty() && history().resets().getLast().ended() != null);
    History atReset = port.historyAtReset.get();
    assertThat(atReset.diagnoses()).singleElement().matches(History.Diagnosis::kept);
    assertThat(atReset.resets()).singleElement().matches(r -> r.outcome() == Outcome.PENDING);
    // It failed: from here on there is advice only, until somebody has understood why.
    assertThat(history().resets().getLast().outcome()).isEqualTo(Outcome.FAILED);
    lookUntil(() -> !history().advices().isEmpty());
    lookFor(500);
    assertThat(history().resets()).hasSize(1);
    new MaintenanceFile(paths).acknowledge();
    lookUntil(() -> history().resets().getLast().outcome() == Outcome.ACKNOWLEDGED);
    assertThat(new MaintenanceFile(paths).isAcknowledged()).isFalse();
    care.close();
    assertThat(incident().timeline())
        .extracting(Incident.Step::text)
        .anyMatch(t -> t.startsWith("reset the operating system under its guests, because"))
        .anyMatch(t -> t.contains("the reset failed") && t.contains("kexec said no"));
    assertThat(events()).contains("reset", "reset-failed", "acknowledged");
  }

  @Test
  void resetThatCannotBeWrittenDownIsNotBegun() throws Exception {
    put("dev/kmsg", OOPS);
    port.armed = true;
    open();
    lookUntil(() -> !history().diagnoses().isEmpty());
    // A folder that is not empty takes no file's name.
    Path file = paths.state().resolve("recovery.json");
    await().until(() -> history().diagnoses().getLast().kept());
    Files.delete(file);
    Files.createDirectories(file.resolve("in-the-way"));
    lookUntil(() -> log.stream().anyMatch(l -> l.startsWith("no reset: ")));
    lookFor(300);
    assertThat(port.historyAtReset.get()).isNull();
    assertThat(log).anyMatch(l -> l.startsWith("the history cannot be kept"));
  }

  @Test
  void guardianThatFailedIsRecycledWithTheReasonForItsIncident() throws Exception {
    open();
    machine.guardian = ServiceSample.State.ENDED;
    care.look();
    assertThat(machine.recycled).containsExactly("guardian of kv");
    assertThat(machine.why.getFirst())
        .startsWith("recycle the guardian of kv, because the guardian of kv has ended: for a test");
    assertThat(history().recycles()).hasSize(1);
    // It fails again and again before its guest got on: that is given time.
    for (int recycles = 2; recycles <= 3; recycles++) {
      int wanted = recycles;
      machine.guardian = ServiceSample.State.ENDED;
      lookUntil(() -> machine.recycled.size() == wanted);
    }
    machine.guardian = ServiceSample.State.ENDED;
    lookFor(200);
    assertThat(machine.recycled).hasSize(3);
    // Its guest got on in between: that failure is a new one.
    machine.gotOn = true;
    care.look();
    assertThat(machine.recycled).hasSize(4);
    care.close();
    assertThat(new IncidentStore(paths.incidents()).list()).as("its guest has one").isEmpty();
    assertThat(events()).containsOnly("recycled");
  }

  @Test
  void guardianThatHangsIsRecycled() throws Exception {
    open();
    machine.guardian = ServiceSample.State.HUNG;
    care.look();
    assertThat(machine.why.getFirst()).contains("the guardian of kv hangs: for a test");
  }

  @Test
  void underMaintenanceNothingIsDone() throws Exception {
    put("dev/kmsg", OOPS);
    port.armed = true;
    new MaintenanceFile(paths).set(true, "new disks", Instant.now());
    open();
    machine.guardian = ServiceSample.State.ENDED;
    lookUntil(() -> history().advices().size() == 2);
    lookFor(300);
    assertThat(machine.recycled).isEmpty();
    assertThat(history().diagnoses()).isEmpty();
    assertThat(history().resets()).isEmpty();
    new MaintenanceFile(paths).set(false, "", Instant.now());
    care.look();
    assertThat(machine.recycled).containsExactly("guardian of kv");
  }

  @Test
  void nextAgentGoesOnWhereThisOneEnded() throws Exception {
    put("dev/kmsg", OOPS);
    open();
    lookUntil(() -> history().advices().size() == 1);
    care.close();
    open();
    lookFor(1500);
    assertThat(history().diagnoses()).as("the same trouble is collected once").hasSize(1);
    assertThat(history().advices()).hasSize(1);
    assertThat(history().resets()).as("the same boot").isEmpty();
  }

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

  @Test
  void whoHasLostTheHistoryDoesNotReset() throws Exception {
    put("dev/kmsg", OOPS);
    port.armed = true;
    Files.createDirectories(paths.state());
    Files.writeString(paths.state().resolve("recovery.json"), "{}");
    open();
    lookUntil(() -> history().advices().size() == 1);
    lookFor(300);
    assertThat(port.historyAtReset.get()).isNull();
    assertThat(log).anyMatch(l -> l.contains("is damaged and was put aside"));
  }

  @Test
  void allFiguresAreAnExposition() throws Exception {
    open();
    lookUntil(() ->
        care.metrics().stream().anyMatch(m -> m.name().equals("tardigrade_host_memory_bytes")));
    assertThat(PrometheusText.parse(MetricText.write(care.metrics())))
        .containsEntry("tardigrade_host_memory_bytes{}", 16_000_000.0 * 1024)
        .containsEntry("tardigrade_host_signal{kind=kernel-oops}", 0.0)
        .containsEntry("tardigrade_service_state{guest=kv, service=guardian}", 0.0)
        .containsEntry("tardigrade_decisions_total{step=reset}", 0.0);
  }
}
