package io.tardigrade.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tardigrade.bench.ResetOptions.Part;
import io.tardigrade.guest.UsageException;
import io.tardigrade.incident.Incident;
import java.io.IOException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ResetTimesTest {
  private static final Instant BEGUN = Instant.parse("2026-11-23T04:00:00Z");
  private static final Offset<Double> EXACTLY = within(1e-6);
  private static final long MIB = 1 << 20;

  @Test
  void guestThatRunsLastCounts() throws IOException {
    // The agent began 4.5 s after the guests were asked to stand still.
    ResetTimes times =
        ResetTimes.of(host(), List.of(guest(0.05, 5.0), guest(0.02, 7.25), guest(0.1, 6.0)));

    assertThat(times.freeze()).isEqualTo(0.1);
    assertThat(times.kexecToAgent()).isCloseTo(4.2, EXACTLY);
    assertThat(times.agentToGuests()).isCloseTo(0.02 + 7.25 - 4.5, EXACTLY);
    assertThat(times.initToGuests()).isCloseTo(0.5 + 0.02 + 7.25 - 4.5, EXACTLY);
    assertThat(times.sum()).isCloseTo(7.27, EXACTLY);
  }

  @Test
  void withoutGuestsTheAgentsOwnPhaseCounts() throws IOException {
    assertThat(ResetTimes.of(host(), List.of()).sum()).isCloseTo(6.0, EXACTLY);
  }

  @Test
  void phaseThatIsMissingIsNamed() {
    Incident none = incident("host", BEGUN, Map.of("freeze", 1.0), 1);

    assertThatThrownBy(() -> ResetTimes.of(none, List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("'seal'");
  }

  @Test
  void ramOfOneGuestGrowsFirstThenNumbersOfGuests() {
    ResetOptions options = options(List.of(16, 1, 4), List.of(96 * MIB, 256 * MIB));

    assertThat(LabLoad.of(options))
        .containsExactly(
            new LabLoad(1, 96 * MIB),
            new LabLoad(1, 256 * MIB),
            new LabLoad(4, 96 * MIB),
            new LabLoad(16, 96 * MIB));
    assertThat(options.preserveBytes()).isGreaterThan(16 * 96 * MIB).isEqualTo(2048 * MIB);
    assertThat(options.hostBytes() - options.preserveBytes()).isGreaterThan(16 * 256 * MIB);
  }

  @Test
  void optionsThatCannotBeAreRefusedByWhatCanBe() {
    assertThatThrownBy(() -> options(List.of(0), List.of(96 * MIB)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> options(List.of(1), List.of(32 * MIB)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("88M to 4G");
    assertThatThrownBy(() -> Parts.chosen(Part.class, List.of("labs")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("native, care, lab");
  }

  @Test
  void everyGoalIsUnmetUntilItIsMeasured() {
    ResetOptions options = options(List.of(1, 4), List.of(96 * MIB));
    List<Goal> goals = ResetGoals.all(options);

    List<Row> rows = new Findings().complete(goals, List.of("native", "care", "lab"));

    assertThat(rows).hasSameSizeAs(goals).hasSize(3 + 1 + 2 + 4);
    assertThat(rows).extracting(Row::verdict).containsOnly(Row.Verdict.NOT_MEASURED);
  }

  @Test
  void missedTargetSaysByWhatFactor() {
    Goal goal = ResetGoals.againstReboot(new LabLoad(4, 96 * MIB));
    Row missed = Row.of(goal).guarded(24).unprotected(40).ratio(0.6).judge(goal);
    Row met = Row.of(goal).guarded(4).unprotected(40).ratio(0.1).judge(goal);

    assertThat(missed.withFactor(List.of(goal)).note()).isEqualTo("missed by a factor of 3.0");
    assertThat(met.withFactor(List.of(goal)).note()).isNull();
  }

  @Test
  void everyLoadIsJudgedBesideTheRebootAndTheResetWithoutGuests() throws IOException {
    ResetOptions options =
        new ResetOptions(List.of(4), List.of(96 * MIB), false, EnumSet.of(Part.LAB));
    Findings findings = new Findings();

    new LabReport(findings, ResetTimes.of(host(), List.of()))
        .add(
            LabLoad.of(options).getFirst(),
            ResetTimes.of(host(), List.of(guest(0.05, 6.95))),
            new LabReport.Felt(8, 7.5),
            new LabReport.Felt(64, 60));

    List<Row> rows = findings.complete(ResetGoals.all(options), List.of("lab"));
    assertThat(rows).extracting(Row::verdict).doesNotContain(Row.Verdict.NOT_MEASURED);
    Row whole = rows.getLast();
    assertThat(whole.ratio()).isEqualTo(0.125);
    assertThat(whole.alternative()).isCloseTo(6.0, EXACTLY);
    assertThat(whole.verdict()).isEqualTo(Row.Verdict.MET);
    Row fromInit =
        rows.stream().filter(r -> r.title().contains("init to all guests")).findFirst().get();
    assertThat(fromInit.guarded()).isCloseTo(3.0, EXACTLY);
    Row reply = rows.stream().filter(r -> r.title().contains("first reply")).findFirst().get();
    assertThat(reply.guarded()).isCloseTo(1.0, EXACTLY);
  }

  @Test
  void timeOnAProcessorIsTheFirstNumberOfSchedstat() throws IOException {
    assertThat(ProcFile.runNanos("123456789 55 7\n")).isEqualTo(123456789);
    assertThatThrownBy(() -> ProcFile.runNanos("nothing")).isInstanceOf(IOException.class);
  }

  private static ResetOptions options(List<Integer> guests, List<Long> memoryBytes) {
    return new ResetOptions(guests, memoryBytes, false, EnumSet.allOf(Part.class));
  }

  private static Incident host() {
    Map<String, Double> phases = new LinkedHashMap<>();
    phases.put("freeze", 0.1);
    phases.put("seal", 0.2);
    phases.put("kexec to kernel", 0.7);
    phases.put("kernel to init", 3.0);
    phases.put("init to agent", 0.5);
    phases.put("agent to guests", 1.5);
    return incident("host", BEGUN, phases, 6);
  }

  /** A guest that stood still from this many seconds on, for that many. */
  private static Incident guest(double from, double blackout) {
    return incident("g", BEGUN.plusNanos(Math.round(from * 1e9)), Map.of(), blackout);
  }

  private static Incident incident(
      String guest, Instant at, Map<String, Double> phases, double blackout) {
    return new Incident(
        "id", guest, at, "cause", "", List.of(), List.of(), phases, blackout, 1, "recovered");
  }
}
