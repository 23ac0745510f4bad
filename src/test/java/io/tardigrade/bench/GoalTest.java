package io.tardigrade.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.bench.Row.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class GoalTest {
  private static final Goal PAUSE = Goals.pause(500, "p50", 0.0025);
  private static final Goal SHARE = Goals.throughput(RedisLoad.PIPELINED, "SET");

  @Test
  void aValueThatOnlyRoundsToTheLimitMisses() {
    assertThat(Row.of(PAUSE).guarded(0.0025).judge(PAUSE).verdict()).isEqualTo(Verdict.MET);
    Row over = Row.of(PAUSE).guarded(0.0025000001).judge(PAUSE);
    assertThat(over.text(over.guarded())).isEqualTo("2.50 ms");
    assertThat(over.verdict()).isEqualTo(Verdict.MISSED);
    assertThat(Row.of(SHARE).ratio(0.8499999).judge(SHARE).verdict()).isEqualTo(Verdict.MISSED);
    assertThat(Row.of(SHARE).ratio(0.85).judge(SHARE).verdict()).isEqualTo(Verdict.MET);
  }

  @Test
  void whatIsNoNumberMeetsNoGoal() {
    assertThat(Row.of(PAUSE).guarded(Double.NaN).judge(PAUSE).verdict()).isEqualTo(Verdict.MISSED);
    assertThat(Row.of(SHARE).ratio(Double.NaN).judge(SHARE).verdict()).isEqualTo(Verdict.MISSED);
  }

  @Test
  void aRowWithoutTheJudgedValueIsNotMeasured() {
    Goal added = Goals.added("p50", 0.0025);

    Row row = Row.of(added).unprotected(0.001).guarded(0.002).judge(added);

    assertThat(row.verdict()).isEqualTo(Verdict.NOT_MEASURED);
  }

  @Test
  void aGoalWithoutARowCountsAsNotMeasuredAndSaysWhy() {
    Findings findings = new Findings();
    findings.add(Row.of(PAUSE).guarded(0.002).judge(PAUSE));
    findings.failed("pause", "there was no memory");
    List<Goal> goals = List.of(PAUSE, Goals.pause(500, "p99", 0.005), Goals.idle());

    List<Row> rows = findings.complete(goals, List.of("pause"));

    assertThat(rows).extracting(Row::verdict).containsExactly(Verdict.MET, Verdict.NOT_MEASURED);
    assertThat(rows.getLast().note()).isEqualTo("there was no memory");
  }

  @Test
  void everyGoalHasARowOfItsOwn() {
    List<Goal> all = Goals.all();

    assertThat(all).extracting(goal -> goal.group() + goal.title()).doesNotHaveDuplicates();
    assertThat(all).extracting(Goal::group).isSubsetOf(Bench.names());
  }

  @Test
  void theTextOfAGoalNamesItsBoundAndUnit() {
    assertThat(PAUSE.text()).isEqualTo("≤ 2.50 ms");
    assertThat(SHARE.text()).isEqualTo("≥ 0.850");
    assertThat(Goals.idle().text()).isEqualTo("≤ 2.00 % more");
    assertThat(Goals.guardianMemory(GuestSize.SMALL).text()).isEqualTo("≤ 100 MiB");
  }
}
