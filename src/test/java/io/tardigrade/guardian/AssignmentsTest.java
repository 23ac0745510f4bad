package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.Assignments.Changes;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which hosts are to keep a guest, as its primary uses them. */
class AssignmentsTest {
  private static final Set<String> ALL = Set.of("a", "b", "c");
  private static final Changes NONE = new Changes(Set.of(), Set.of());
  private static final long MAX = Assignments.UNUSED_NANOS_MAX;

  /** Clocks begin anywhere. */
  private static final long BEGIN = Long.MAX_VALUE - MAX / 2;

  private final Assignments assignments = new Assignments();

  @Test
  void hostThatIsUsedIsAssignedAtOnce() {
    assertThat(assignments.look(ALL, Set.of("a"), BEGIN))
        .isEqualTo(new Changes(Set.of("b", "c"), Set.of()));
    assertThat(assignments.look(ALL, ALL, BEGIN)).isEqualTo(NONE);
  }

  @Test
  void hostThatIsNotUsedIsUnassignedAfterAWhileAndUntilThatIsDone() {
    Set<String> used = Set.of("a", "b");
    assertThat(assignments.look(used, ALL, BEGIN)).isEqualTo(NONE);
    assertThat(assignments.look(used, ALL, BEGIN + MAX)).isEqualTo(NONE);
    Changes late = new Changes(Set.of(), Set.of("c"));
    assertThat(assignments.look(used, ALL, BEGIN + MAX + 1)).isEqualTo(late);
    assertThat(assignments.look(used, ALL, BEGIN + MAX + 2)).as("it failed").isEqualTo(late);
    assertThat(assignments.look(used, used, BEGIN + MAX + 3)).isEqualTo(NONE);
  }

  @Test
  void hostThatIsUsedAgainOrAssignedAnewIsGivenTheWholeTime() {
    Set<String> used = Set.of("a", "b");
    assertThat(assignments.look(used, ALL, BEGIN)).isEqualTo(NONE);
    assertThat(assignments.look(ALL, ALL, BEGIN + MAX)).isEqualTo(NONE);
    assertThat(assignments.look(used, ALL, BEGIN + MAX + 1)).isEqualTo(NONE);
    assertThat(assignments.look(used, used, BEGIN + MAX + 2)).isEqualTo(NONE);
    assertThat(assignments.look(used, ALL, BEGIN + 2 * MAX)).isEqualTo(NONE);
    assertThat(assignments.look(used, ALL, BEGIN + 3 * MAX)).isEqualTo(NONE);
    assertThat(assignments.look(used, ALL, BEGIN + 3 * MAX + 1).unassign()).containsExactly("c");
  }
}
