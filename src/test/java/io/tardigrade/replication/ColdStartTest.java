package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.ColdStart.Kind;
import io.tardigrade.replication.ColdStart.Own;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A guest whose memory may be lost on all hosts. */
class ColdStartTest {
  private static final View VIEW = new View(9, 7, "a", List.of("b", "c"));
  private static final Map<String, Long> ALL_EMPTY = Map.of("a", 9L, "b", 9L, "c", 9L);

  private static ColdStart decide(Own own, View view, Map<String, Long> empty) {
    return ColdStart.of(own, view, empty);
  }

  @Test
  void primaryBootsTheGuestOnceNoHostHoldsItsMemory() {
    ColdStart decision = decide(new Own("a", false, 7, ""), VIEW, ALL_EMPTY);
    assertThat(decision.kind()).isEqualTo(Kind.BOOT);
    assertThat(decision.reason()).contains("no host").contains("last committed epoch");
  }

  @Test
  void guestThatRanOnOneHostBootsThereAtOnce() {
    View alone = new View(9, 7, "a", List.of());
    assertThat(decide(new Own("a", false, 7, ""), alone, Map.of()).kind()).isEqualTo(Kind.BOOT);
  }

  @Test
  void memoryThatABackupMayHoldIsWaitedFor() {
    for (Map<String, Long> empty :
        List.of(
            Map.<String, Long>of(),
            Map.of("b", 9L),
            // It may have been given the memory since, or it is not the guest's present life.
            Map.of("b", 9L, "c", 8L),
            Map.of("b", 9L, "c", 10L),
            Map.of("b", 9L, "d", 9L))) {
      ColdStart decision = decide(new Own("a", false, 7, ""), VIEW, empty);
      assertThat(decision.kind()).as("%s", empty).isEqualTo(Kind.WAIT);
      assertThat(decision.reason()).as("%s", empty).contains("c");
    }
  }

  @Test
  void disksOfAHostThatNeverCameToLeadAreNotBootedFrom() {
    for (long led : new long[] {0, 6, 8}) {
      ColdStart decision = decide(new Own("a", false, led, ""), VIEW, ALL_EMPTY);
      assertThat(decision.kind()).as("led %d", led).isEqualTo(Kind.WAIT);
      assertThat(decision.reason()).contains("older");
    }
  }

  @Test
  void nobodyElseDecides() {
    assertThat(decide(new Own("b", false, 7, ""), VIEW, ALL_EMPTY).kind()).isEqualTo(Kind.NONE);
    assertThat(decide(new Own("a", true, 7, ""), VIEW, ALL_EMPTY).kind()).isEqualTo(Kind.NONE);
    assertThat(decide(new Own("a", false, 0, ""), View.NONE, Map.of()).kind()).isEqualTo(Kind.NONE);
  }

  private static ColdStart told(Own own, Map<String, Long> empty, String... there) {
    return ColdStart.asTold(own, VIEW, empty, List.of(there));
  }

  @Test
  void personDecidesWhereAHostThatMayHoldTheMemoryIsAway() {
    ColdStart last = told(new Own("a", false, 7, ""), Map.of("a", 9L, "b", 9L), "a", "b");
    assertThat(last.kind()).isEqualTo(Kind.BOOT);
    assertThat(last.silent()).containsExactly("c");
    assertThat(last.reason()).contains("memory that c may hold").contains("all that was committed");
    ColdStart behind = told(new Own("b", false, 5, ""), Map.of("b", 9L, "c", 8L), "b");
    assertThat(behind.kind()).isEqualTo(Kind.BOOT);
    assertThat(behind.silent()).containsExactly("a", "c");
    assertThat(behind.reason()).contains("a, c may hold").contains("may be missing");
    assertThat(told(new Own("a", false, 6, ""), ALL_EMPTY, "a", "b", "c").reason())
        .as("it was to lead and never came to")
        .contains("no host holds its memory")
        .contains("may be missing");
  }

  @Test
  void noPersonGivesUpMemoryThatIsThere() {
    assertThat(told(new Own("a", true, 7, ""), Map.of()).kind()).isEqualTo(Kind.NONE);
    ColdStart up = told(new Own("b", false, 0, ""), Map.of("b", 9L, "c", 9L), "a", "b", "c");
    assertThat(up.kind()).isEqualTo(Kind.NONE);
    assertThat(up.reason()).contains("a is up");
    ColdStart stale = told(new Own("b", false, 0, ""), Map.of("a", 8L, "c", 9L), "a");
    assertThat(stale.kind()).as("what a said was of another view").isEqualTo(Kind.NONE);
  }

  @Test
  void hostThatIsNotOfTheViewIsNotBootedOnWhateverAPersonSays() {
    assertThat(told(new Own("d", false, 7, ""), ALL_EMPTY).kind()).isEqualTo(Kind.NONE);
    assertThat(ColdStart.asTold(new Own("a", false, 0, ""), View.NONE, Map.of(), List.of()).kind())
        .isEqualTo(Kind.NONE);
    assertThat(VIEW.aloneOn("b")).isEqualTo(new View(10, 10, "b", List.of()));
  }

  @Test
  void damagedMemoryIsKeptForAPersonToDecide() {
    Own damaged = new Own("a", false, 7, "page 20000 is not as it was committed");
    View alone = new View(9, 7, "a", List.of());
    for (View view : List.of(alone, VIEW)) {
      ColdStart decision = decide(damaged, view, ALL_EMPTY);
      assertThat(decision.kind()).isEqualTo(Kind.WAIT);
      assertThat(decision.reason()).contains("page 20000").contains("examined");
      ColdStart person = ColdStart.asTold(damaged, view, ALL_EMPTY, List.of());
      assertThat(person.kind()).isEqualTo(Kind.BOOT);
      assertThat(person.reason()).contains("page 20000").contains("deleted");
    }
  }
}
