package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** How often a guest that runs once may be seen to move. */
class FailureRunTest {
  @Test
  void viewsOfTheSameHostAreNoMoves() {
    assertThat(moves(Map.of(4L, "a"))).isZero();
    assertThat(moves(Map.of(4L, "a", 5L, "a", 6L, "a"))).isZero();
    assertThat(moves(Map.of(4L, "a", 5L, "b", 6L, "b", 7L, "a"))).isEqualTo(2);
  }

  @Test
  void viewsThatWereNotSeenMayBeOfAnyHost() {
    assertThat(moves(Map.of(4L, "a", 6L, "a"))).isEqualTo(2);
    assertThat(moves(Map.of(4L, "a", 5L, "a", 8L, "b"))).isEqualTo(3);
  }

  private static int moves(Map<Long, String> leaders) {
    return FailureRun.movesMax(new TreeMap<>(leaders));
  }
}
