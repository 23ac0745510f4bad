package io.tardigrade.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Rules;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SimulationTest {
  private static final long SEEDS = 20_000;
  private static final long SEEDS_OF_WRONG_RULES = 20_000;

  @Test
  void noSeedBreaksAnInvariant() {
    List<String> violations =
        LongStream.rangeClosed(1, SEEDS)
            .parallel()
            .mapToObj(seed -> Simulation.run(seed, new Rules(), false))
            .filter(result -> !result.violation().isEmpty())
            .limit(5)
            .map(r -> "./tardigrade simulate --seed " + r.seed() + ": " + r.violation())
            .toList();
    assertThat(violations).isEmpty();
  }

  @Test
  void runsAreFullOfLife() {
    List<Simulation.Result> runs =
        LongStream.rangeClosed(1, 300)
            .mapToObj(seed -> Simulation.run(seed, new Rules(), false))
            .toList();
    assertThat(runs.stream().mapToLong(Simulation.Result::answers).average().getAsDouble())
        .isGreaterThan(20);
    assertThat(runs.stream().mapToLong(Simulation.Result::views).average().getAsDouble())
        .isGreaterThan(6);
    assertThat(runs.stream().mapToLong(Simulation.Result::epochs).average().getAsDouble())
        .isGreaterThan(20);
  }

  @Test
  void sameSeedIsTheSameRun() {
    for (long seed = 1; seed <= 20; seed++) {
      Simulation.Result run = Simulation.run(seed, new Rules(), true);
      assertThat(Simulation.run(seed, new Rules(), true)).isEqualTo(run);
      assertThat(run.log()).hasSizeGreaterThan(10);
    }
  }

  /** By what it does, not by an exception that it runs into. */
  @ParameterizedTest
  @EnumSource
  void wrongProtocolIsNoticed(WrongRules.Wrong wrong) {
    Rules rules = new WrongRules(wrong);
    assertThat(
            LongStream.concat(
                    LongStream.of(wrong.seed), LongStream.rangeClosed(1, SEEDS_OF_WRONG_RULES))
                .filter(seed -> isNoticed(Simulation.run(seed, rules, false)))
                .findFirst())
        .as("%s, within %d seeds", wrong, SEEDS_OF_WRONG_RULES)
        .isPresent();
  }

  private static boolean isNoticed(Simulation.Result result) {
    return !result.violation().isEmpty() && !result.memberFailed();
  }
}
