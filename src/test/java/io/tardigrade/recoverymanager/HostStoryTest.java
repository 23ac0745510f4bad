package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.incident.Incident;
import io.tardigrade.monitor.Findings;
import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.Signal;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostStoryTest {
  private static final Instant START = Instant.parse("2026-11-22T18:00:00Z");
  private static final Decision WELL =
      new Decision(Step.NONE, "", List.of(), "all is well", List.of("all services answer"));
  private static final Signal OOPS =
      new Signal(Kind.KERNEL_OOPS, Severity.CRITICAL, "", null, "the kernel oopsed");

  private final HostStory story = new HostStory();

  private static Findings findings(List<Signal> signals, ServiceHealth... services) {
    return new Findings(signals, List.of(services));
  }

  private static Decision decision(Step step, String summary, Target... targets) {
    return new Decision(step, "kernel-oops", List.of(targets), summary, List.of("one", "two"));
  }

  private static Instant at(long seconds) {
    return START.plusSeconds(seconds);
  }

  private static List<String> lines(Incident incident) {
    return incident.timeline().stream().map(s -> s.kind() + ": " + s.text()).toList();
  }

  @Test
  void troubleIsToldFromWhatWasSeenBeforeToItsEnd() {
    story.look(at(0), findings(List.of()), WELL);
    assertThat(story.takeChanged()).isNull();
    story.look(at(1), findings(List.of(OOPS)), decision(Step.DIAGNOSE, "diagnose"));
    story.tell(at(2), "done", "evidence is kept");
    Incident begun = story.takeChanged();
    assertThat(begun).isNotNull();
    assertThat(begun.guest()).isEqualTo("host");
    assertThat(begun.outcome()).isEqualTo("under way");
    assertThat(lines(begun))
        .containsExactly(
            "seen: critical: the kernel oopsed",
            "decided: diagnose, because one; two",
            "done: evidence is kept");
    assertThat(story.takeChanged()).as("told once").isNull();

    story.look(at(3), findings(List.of()), WELL);
    story.look(at(3 + HostStory.QUIET_MILLIS / 1000 - 1), findings(List.of()), WELL);
    assertThat(story.isOpen()).isTrue();
    story.look(at(4 + HostStory.QUIET_MILLIS / 1000), findings(List.of()), WELL);
    Incident over = story.takeChanged();
    assertThat(over).isNotNull();
    assertThat(over.outcome()).isEqualTo("over");
    assertThat(lines(over))
        .contains("seen: no longer: the kernel has lost control of part of its state")
        .last()
        .isEqualTo("decided: nothing: all is well, because all services answer");
    assertThat(story.isOpen()).isFalse();
  }

  @Test
  void recycledGuardianIsToldInItsGuestsIncidentAlone() {
    Target target = new Target(ServiceId.guardian("kv"), "guardian of kv failed");
    ServiceHealth failed =
        new ServiceHealth(ServiceId.guardian("kv"), Health.FAILED, "has ended: signal 9");
    story.look(at(0), findings(List.of(), failed), decision(Step.RECYCLE, "recycle it", target));
    assertThat(story.isOpen()).isFalse();
    Target hypervisor = new Target(ServiceId.hypervisor("kv"), "process-memory-growth");
    story.look(at(1), findings(List.of(), failed), decision(Step.RECYCLE, "that", hypervisor));
    assertThat(lines(story.takeChanged()))
        .containsExactly(
            "seen: the guardian of kv has ended: signal 9", "decided: that, because one; two");
  }

  @Test
  void waitingIsToldWhenItBeginsAndNotEverySecond() {
    story.look(at(0), findings(List.of(OOPS)), decision(Step.ADVISE, "reset it by hand"));
    for (int i = 1; i < 100; i++) {
      story.look(at(i), findings(List.of(OOPS)), decision(Step.WAIT, "told the operator"));
    }
    assertThat(lines(story.takeChanged()))
        .containsExactly(
            "seen: critical: the kernel oopsed",
            "decided: advise: reset it by hand, because one; two",
            "decided: wait: told the operator, because one; two");
  }

  @Test
  void secondArchiveIsThatOfAnotherIncident() {
    story.look(at(0), findings(List.of(OOPS)), decision(Step.DIAGNOSE, "diagnose"));
    story.addArchive("archive 1");
    assertThat(story.takeChanged().evidence()).containsExactly("archive 1");
    story.look(at(1), findings(List.of(OOPS)), decision(Step.ADVISE, "advise"));
    story.look(at(2), findings(List.of(OOPS)), decision(Step.DIAGNOSE, "another"));
    story.addArchive("archive 2");
    Incident first = story.takeChanged();
    assertThat(first.outcome()).isEqualTo("over");
    assertThat(first.evidence()).containsExactly("archive 1");
    assertThat(lines(first)).last().asString().contains("goes on in the next incident");
    Incident second = story.takeChanged();
    assertThat(second.summary()).isEqualTo("another");
    assertThat(second.evidence()).containsExactly("archive 2");
    assertThat(story.takeChanged()).isNull();
  }

  @Test
  void whatIsToldIsBounded() {
    for (int i = 0; i < 10_000; i++) {
      Signal signal = new Signal(Kind.IO_ERROR, Severity.WARNING, "sd" + i, null, "error " + i);
      story.look(at(i), findings(List.of(signal)), decision(Step.ADVISE, "check " + i));
      story.addEvidence("line " + i);
    }
    Incident incident = story.takeChanged();
    assertThat(incident.timeline()).hasSize(HostStory.STEPS_MAX + 1);
    assertThat(incident.timeline().getLast().text()).contains("more lines that are not kept");
    assertThat(incident.evidence()).hasSize(HostStory.EVIDENCE_MAX);
  }
}
