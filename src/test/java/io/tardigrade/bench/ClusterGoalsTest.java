package io.tardigrade.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.UsageException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClusterGoalsTest {
  private static final ClusterOptions ALL = new ClusterOptions(false, EnumSet.allOf(Part.class));

  @Test
  void everyGoalIsOfAPartThatIsTakenAndHasARowOfItsOwn() {
    List<Goal> goals = ClusterGoals.all(ALL);

    assertThat(goals).extracting(goal -> goal.group() + goal.title()).doesNotHaveDuplicates();
    assertThat(goals)
        .extracting(Goal::group)
        .containsOnly("latency", "wire", "blackout", "memory", "load");
    assertThat(ClusterGoals.all(new ClusterOptions(true, Set.of(Part.WIRE))))
        .extracting(Goal::group)
        .containsOnly("wire");
  }

  @Test
  void aBackupMayAddARoundTripAndAMillisecondAndAHalf() {
    Goal near = ClusterGoals.added(1, 0);
    Goal far = ClusterGoals.added(2, 5_000_000);

    assertThat(near.isMetBy(0.0015)).isTrue();
    assertThat(near.isMetBy(0.001501)).isFalse();
    assertThat(far.isMetBy(0.0115)).isTrue();
    assertThat(far.isMetBy(0.011501)).isFalse();
    assertThat(far.title()).isEqualTo("2 backups, links of 5 ms: PING, p50");
  }

  @Test
  void aPartThatThereIsNotIsRefusedByItsName() {
    assertThat(Parts.chosen(Part.class, List.of("load", "wire")))
        .containsExactly(Part.WIRE, Part.LOAD);
    assertThat(Parts.chosen(Part.class, List.of())).hasSize(Part.values().length);
    assertThatThrownBy(() -> Parts.chosen(Part.class, List.of("load", "speed")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("'speed'")
        .hasMessageContaining("latency, wire, blackout, memory, load");
  }
}
