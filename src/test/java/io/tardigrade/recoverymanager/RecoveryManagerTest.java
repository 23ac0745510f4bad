package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.diagnosis.ArchiveIndex;
import io.tardigrade.diagnosis.ArchiveReader;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.History.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What the recovery manager does about what it sees, and what it leaves alone. */
class RecoveryManagerTest extends WatchedHost {
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
