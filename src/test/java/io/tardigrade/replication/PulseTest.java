package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Report;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PulseTest {
  private static final View VIEW = new View(7, 7, "a", List.of("b", "c"));
  private static final EpochId HELD = new EpochId(7, 40);
  private static final long BEAT = Timeouts.BEAT_NANOS;

  private final List<String> to = new ArrayList<>();
  private final List<Message> sent = new ArrayList<>();
  private long ranNanos;
  private final Pulse pulse =
      new Pulse(
          (host, message) -> {
            to.add(host);
            sent.add(message);
          },
          () -> ranNanos);

  private static Beat beat(long attachment, long stampNanos) {
    return new Beat(VIEW, attachment, HELD, stampNanos);
  }

  private static Report report(long attachment, long echoNanos) {
    return new Report(7, attachment, 99, HELD, 3, Condition.WHOLE, 0, echoNanos);
  }

  private void look(long nowNanos) {
    to.clear();
    sent.clear();
    pulse.look(nowNanos);
  }

  @Test
  void busyPrimaryGoesOnBeatingUntilItIsTakenForStuck() {
    pulse.begins(0);
    pulse.send("b", beat(1, 0));
    pulse.send("c", beat(2, 0));
    pulse.ends();
    pulse.begins(BEAT);
    look(2 * BEAT);
    assertThat(to).containsExactlyInAnyOrder("b", "c");
    assertThat(sent).containsExactlyInAnyOrder(beat(1, 2 * BEAT), beat(2, 2 * BEAT));
    look(BEAT + Timeouts.BUSY_NANOS_MAX);
    assertThat(sent).hasSize(2);
    look(BEAT + Timeouts.BUSY_NANOS_MAX + 1);
    assertThat(sent).as("a member that gets nowhere").isEmpty();
  }

  @Test
  void primaryThatComputesBeatsUntilItsThreadStandsStill() {
    pulse.begins(0);
    pulse.send("b", beat(1, 0));
    long now = 0;
    while (now < 4 * Timeouts.BUSY_NANOS_MAX) {
      now += BEAT;
      ranNanos += 1_000;
      look(now);
      assertThat(sent).containsExactly(beat(1, now));
    }
    look(now + Timeouts.BUSY_NANOS_MAX);
    assertThat(sent).hasSize(1);
    look(now + Timeouts.BUSY_NANOS_MAX + 1);
    assertThat(sent).as("its thread stands still").isEmpty();
    ranNanos++;
    look(now + Timeouts.BUSY_NANOS_MAX + 2);
    assertThat(sent).as("it goes on").hasSize(1);
  }

  @Test
  void primaryThatComputesWithoutAnEndFallsSilent() {
    pulse.begins(0);
    pulse.send("b", beat(1, 0));
    for (long now = BEAT; now <= Timeouts.WORK_NANOS_MAX; now += BEAT) {
      ranNanos++;
      look(now);
      assertThat(sent).hasSize(1);
    }
    ranNanos++;
    look(Timeouts.WORK_NANOS_MAX + 1);
    assertThat(sent).isEmpty();
  }

  @Test
  void idleMemberSpeaksForItself() {
    pulse.begins(0);
    pulse.send("b", beat(1, 0));
    pulse.ends();
    look(10 * BEAT);
    assertThat(sent).isEmpty();
  }

  @Test
  void whoWasNotSpokenToLatelyIsLeftAlone() {
    pulse.begins(0);
    pulse.send("b", beat(1, 0));
    pulse.ends();
    pulse.begins(Timeouts.GAP_NANOS_MAX + 1);
    look(Timeouts.GAP_NANOS_MAX + 1 + BEAT);
    assertThat(sent).isEmpty();
  }

  @Test
  void busyBackupAnswersBeatsWithWhatItHeldAndNothingMore() {
    pulse.heard("a", beat(1, 1_000));
    pulse.begins(0);
    pulse.send("a", report(1, 1_000));
    pulse.ends();
    pulse.begins(BEAT);
    look(2 * BEAT);
    assertThat(sent).as("no beat came").isEmpty();
    pulse.heard("a", beat(1, 2_000));
    look(3 * BEAT);
    assertThat(sent).containsExactly(report(1, 2_000));
  }

  @Test
  void beatOfAnotherAttachmentIsNotAnsweredWithWhatWasSaidInTheOneBefore() {
    pulse.begins(0);
    pulse.send("a", report(1, 1_000));
    pulse.heard("a", beat(2, 2_000));
    look(2 * BEAT);
    assertThat(sent).isEmpty();
  }

  @Test
  void whoBeginsToLeadReportsToNobodyAnyMore() {
    pulse.begins(0);
    pulse.send("a", report(1, 1_000));
    pulse.heard("a", beat(1, 2_000));
    pulse.send("c", beat(5, 0));
    look(2 * BEAT);
    assertThat(to).containsExactly("c");
  }

  @Test
  void reportThatWaitedBehindPartsAnswersTheNewestBeat() {
    pulse.heard("a", beat(1, 5_000));
    pulse.send("a", report(1, 1_000));
    assertThat(sent).containsExactly(report(1, 5_000));
    pulse.send("a", new Newer(8));
    assertThat(sent).endsWith(new Newer(8));
  }
}
